import type { Scenario } from "./judge.ts";
import { barks, cough, roomNoise, slam } from "./noises.ts";
import type { Noise, Scripted, Trigger } from "./stimuli.ts";
import type { CallerVoice, Voices } from "./voices.ts";
import {
  ASIDES,
  ASK_FOR_ORDER,
  BACKCHANNELS,
  CORRECTIONS,
  HALVES,
  INTERRUPTIONS,
  QUESTIONS,
  STORIES,
  spelled,
  TELEVISION,
} from "./wordings.ts";

export interface Scene {
  hard: Scripted;
  /** The same call without its difficulty; a smooth turn has none to leave out. */
  twin?: Scripted;
}

interface Maker {
  random: () => number;
  voices: Voices;
  voice: CallerVoice;
}

const AFTER: Trigger = { kind: "after-agent" };
const over = (intoSentenceMs: number): Trigger => ({ kind: "over-agent", intoSentenceMs });
/** Between two words that nothing separates. */
const WORD_GAP_MS = 60;
/** What a key is held for, as the caller of the test kit does it. */
const PRESS_MS = 120;
/** How long the agent has been silent when a caller who waits for it begins. */
export const QUIET_MS = 700;
/** bench-silent.yaml speaks up again after so long. */
const SILENCE_MS = 5_000;
const ORDER_DIGITS = 5;

const pick = <T>(random: () => number, options: readonly T[]): T => {
  const chosen = options[Math.floor(random() * options.length)];
  if (chosen === undefined) throw new RangeError("nothing to choose from");
  return chosen;
};
const between = (random: () => number, low: number, high: number): number => low + random() * (high - low);
const silence = (ms: number): Int16Array => new Int16Array(Math.round(ms * 8));

function joined(...parts: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const toPcm = (samples: Float64Array, gain = 1): Int16Array =>
  Int16Array.from(samples, (sample) => Math.max(-32_000, Math.min(32_000, Math.round(sample * gain * 32_767))));

const attenuated = (audio: Int16Array, db: number): Int16Array => {
  const gain = 10 ** (db / 20);
  return audio.map((sample) => Math.round(sample * gain));
};

const digitsOf = (random: () => number): string =>
  Array.from({ length: ORDER_DIGITS }, () => Math.floor(random() * 10)).join("");

function speech({ voices, voice, random }: Maker, text: string): Int16Array {
  const clip = voices.say(voice, text, Math.round(between(random, 140, 180) / 10) * 10);
  return clip.audio.subarray(clip.speech.startMs * 8, clip.speech.endMs * 8);
}

function turn(audio: Int16Array, words: string, more: Partial<Scripted> = {}): Scripted {
  const endMs = audio.length / 8;
  const plain = { number: "open", demand: "respond", trigger: AFTER, noise: "none" } as const;
  return { ...plain, audio, startMs: 0, endMs, turnEndMs: endMs, words, ...more };
}

/** Speech in pieces with pauses between; the first pause is judged. The twin says it in one go. */
function broken(
  pieces: readonly Int16Array[],
  pausesMs: readonly number[],
  words: string,
  more: Partial<Scripted>,
): Scene {
  const parts = pieces.flatMap((piece, i) => (i === 0 ? [piece] : [silence(pausesMs[i - 1] ?? 0), piece]));
  const whole = pieces.flatMap((piece, i) => (i === 0 ? [piece] : [silence(WORD_GAP_MS), piece]));
  const startMs = (pieces[0]?.length ?? 0) / 8;
  const hard = turn(joined(...parts), words, more);
  return {
    hard: { ...hard, demand: "wait", startMs, endMs: startMs + (pausesMs[0] ?? 0) },
    twin: turn(joined(...whole), words, more),
  };
}

/** Something over the agent's long sentence that takes no floor; in the twin nothing is there. */
function aside(audio: Int16Array, intoSentenceMs: number, words: string, more: Partial<Scripted> = {}): Scene {
  const about = { number: "talk", demand: "carry-on", trigger: over(intoSentenceMs) } as const;
  return {
    hard: turn(audio, words, { ...about, ...more }),
    twin: turn(silence(audio.length / 8), "", about),
  };
}

/** Floor taken from the agent; in the twin the same words come after it has finished. */
function interruption(maker: Maker, trigger: Trigger, more: Partial<Scripted> = {}): Scene {
  const words = pick(maker.random, INTERRUPTIONS);
  const audio = speech(maker, words);
  const hard = turn(audio, words, { number: "talk", demand: "yield", trigger, ...more });
  return { hard, twin: { ...hard, demand: "respond", trigger: AFTER } };
}

const LEAD_MS = 400;
const TAIL_MS = 2_500;
const rms = (audio: Int16Array): number =>
  Math.sqrt(audio.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, audio.length));

/** A turn in steady noise, which begins before it and goes on after it. */
function noisy(maker: Maker, clean: Scripted): Scene {
  const noise: Noise = pick(maker.random, ["20 dB", "10 dB"]);
  const speechAudio = clean.audio;
  const raw = toPcm(roomNoise(maker.random, (LEAD_MS + TAIL_MS) * 8 + speechAudio.length));
  const gain = (rms(speechAudio) / Math.max(1, rms(raw))) * 10 ** (-(noise === "20 dB" ? 20 : 10) / 20);
  const audio = joined(silence(LEAD_MS), speechAudio, silence(TAIL_MS)).map((sample, i) =>
    Math.max(-32_000, Math.min(32_000, Math.round(sample + (raw[i] ?? 0) * gain))),
  );
  const times = {
    startMs: clean.startMs + LEAD_MS,
    endMs: clean.endMs + LEAD_MS,
    turnEndMs: clean.turnEndMs + LEAD_MS,
  };
  return { hard: { ...clean, ...times, audio, noise }, twin: clean };
}

const question = (m: Maker): Scripted => {
  const words = pick(m.random, QUESTIONS);
  return turn(speech(m, words), words);
};

const asksForOrder = (m: Maker) => ({ number: "order", prelude: speech(m, ASK_FOR_ORDER) }) as const;

export const SCENES: Record<Scenario, (maker: Maker) => Scene> = {
  "smooth-turn": (m) => ({ hard: question(m) }),
  "noisy-turn": (m) => noisy(m, question(m)),
  "packet-loss": (m) => {
    const twin = question(m);
    const faults = { seed: Math.floor(m.random() * 1e6), lossRate: between(m.random, 0.02, 0.1) };
    return { hard: { ...twin, faults }, twin };
  },
  jitter: (m) => {
    const twin = question(m);
    const lengthMs = Math.round(between(m.random, 60, 240));
    const faults = {
      seed: Math.floor(m.random() * 1e6),
      jitterMs: Math.round(between(m.random, 20, 80)),
      burst: { everyMs: 1_200, lengthMs },
      reorderRate: 0.01,
    };
    return { hard: { ...twin, faults }, twin };
  },
  "pause-in-turn": (m) => {
    const [first, second] = pick(m.random, HALVES);
    return broken([speech(m, first), speech(m, second)], [between(m.random, 200, 2_000)], `${first} ${second}`, {});
  },
  "pause-in-digits": (m) => {
    const digits = digitsOf(m.random);
    const cut = 1 + Math.floor(m.random() * (ORDER_DIGITS - 1));
    const pieces = [digits.slice(0, cut), digits.slice(cut)].map((group) => speech(m, spelled(group)));
    return broken(pieces, [between(m.random, 200, 2_000)], spelled(digits), { ...asksForOrder(m), digits });
  },
  "long-story": (m) => {
    const story = pick(m.random, STORIES);
    const pausesMs = [between(m.random, 300, 900), between(m.random, 300, 900)];
    return broken(
      story.map((piece) => speech(m, piece)),
      pausesMs,
      story.join(" "),
      {},
    );
  },
  "noisy-digits": (m) => {
    const digits = digitsOf(m.random);
    return noisy(m, turn(speech(m, spelled(digits)), spelled(digits), { ...asksForOrder(m), digits }));
  },
  "key-presses": (m) => {
    const digits = digitsOf(m.random);
    const cut = 1 + Math.floor(m.random() * (ORDER_DIGITS - 1));
    const pauseMs = Math.round(between(m.random, 200, 1_500) / 20) * 20;
    const pressed = (...groups: string[]): Scripted => {
      const keys = groups.flatMap((group, i) => [
        ...(i === 0 ? [] : [{ do: "pause" as const, ms: pauseMs }]),
        { do: "press" as const, digits: group },
      ]);
      const lengthMs = digits.length * PRESS_MS + (groups.length - 1) * pauseMs;
      return turn(silence(lengthMs), "", { ...asksForOrder(m), digits, keys });
    };
    return { hard: pressed(digits.slice(0, cut), digits.slice(cut)), twin: pressed(digits) };
  },
  "self-correction": (m) => {
    const digits = digitsOf(m.random);
    const at = Math.floor(m.random() * ORDER_DIGITS);
    const wrong =
      digits.slice(0, at) + ((Number(digits[at]) + 1 + Math.floor(m.random() * 9)) % 10) + digits.slice(at + 1);
    const correction = `${pick(m.random, CORRECTIONS)} ${spelled(digits)}`;
    const first = joined(speech(m, spelled(wrong)), silence(between(m.random, 300, 1_200)));
    const audio = joined(first, speech(m, correction));
    const asks = asksForOrder(m);
    const hard = turn(audio, `${spelled(wrong)} ${correction}`, { ...asks, digits });
    return {
      hard: { ...hard, startMs: first.length / 8 },
      twin: turn(speech(m, spelled(digits)), spelled(digits), { ...asks, digits }),
    };
  },
  "silent-caller": (m) => {
    const words = pick(m.random, QUESTIONS);
    const waits = silence(SILENCE_MS + 4_000);
    const hard = turn(waits, "", { number: "silent", demand: "prompt", endMs: SILENCE_MS - QUIET_MS });
    const pauseMs = between(m.random, 500, 1_500);
    const answers = joined(silence(pauseMs), speech(m, words));
    return { hard, twin: turn(answers, words, { number: "silent", startMs: pauseMs }) };
  },
  "interruption-early": (m) => interruption(m, over(between(m.random, 400, 1_000))),
  "interruption-middle": (m) => interruption(m, over(between(m.random, 2_000, 3_500))),
  "interruption-late": (m) => interruption(m, over(between(m.random, 4_500, 5_500))),
  "both-start": (m) => {
    const prelude = speech(m, pick(m.random, QUESTIONS));
    return interruption(
      m,
      { kind: "with-agent", intoSpeechMs: Math.round(between(m.random, 20, 400) / 20) * 20 },
      {
        number: "both",
        prelude,
      },
    );
  },
  backchannel: (m) => {
    const words = pick(m.random, BACKCHANNELS);
    return aside(speech(m, words), between(m.random, 1_500, 4_500), words);
  },
  "talking-to-others": (m) => {
    const words = pick(m.random, ASIDES);
    // Turned away from the handset.
    return aside(attenuated(speech(m, words), -12), between(m.random, 1_500, 3_500), words);
  },
  "background-speech": (m) => {
    const words = pick(m.random, TELEVISION);
    return aside(attenuated(speech(m, words), -pick(m.random, [0, 10, 20])), between(m.random, 1_000, 2_500), words);
  },
  "vocal-tic": (m) => aside(toPcm(cough(m.random)), between(m.random, 1_500, 4_500), "(cough)"),
  "background-noise": (m) => {
    const kind = pick(m.random, ["slam", "barks", "room"] as const);
    const samples = kind === "slam" ? slam(m.random) : kind === "barks" ? barks(m.random) : roomNoise(m.random, 16_000);
    return aside(toPcm(samples, between(m.random, 0.3, 1)), between(m.random, 1_500, 3_500), `(${kind})`);
  },
  echo: (m) => {
    const echo = { delayMs: Math.round(between(m.random, 20, 250)), gainDb: -between(m.random, 15, 35) };
    return aside(silence(1_000), between(m.random, 1_000, 3_500), "(echo)", { echo });
  },
};
