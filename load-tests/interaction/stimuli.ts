import { seededRandom } from "@sidetone/testkit";
import type { Scenario } from "./judge.ts";
import { barks, cough, roomNoise, slam } from "./noises.ts";
import { CALLER_VOICES, type CallerVoice, type Voices } from "./voices.ts";

/**
 * A stimulus: what the caller's channel carries from a trigger on. `after-agent`: the caller waits
 * until the agent has fallen silent; `over-agent`: it begins so
 * long after the agent has got going with a long sentence.
 */
export interface Stimulus {
  id: string;
  scenario: Scenario;
  trigger: { kind: "after-agent" } | { kind: "over-agent"; intoSentenceMs: number };
  /** A turn before the one that is judged, 8 kHz linear: what makes the agent ask. */
  prelude?: Int16Array;
  /** 8 kHz linear. */
  audio: Int16Array;
  /** What is judged, milliseconds within `audio`: speech (or, for pauses, the pause) and the end of the whole turn. */
  startMs: number;
  endMs: number;
  turnEndMs: number;
  words: string;
  voice: string;
}

const QUESTIONS = [
  "could you tell me where my parcel has got to",
  "I would like to know when my delivery is going to arrive",
  "what time does your shop close on a Saturday",
  "I want to send back a pair of boots",
  "how many loyalty points have I collected so far",
  "please cancel the order that I placed this morning",
  "can I have a copy of my invoice by e-mail",
  "I need to change the address for my order",
  "the kettle that you sent me is broken",
  "I have not had my refund yet",
];
const HALVES: [string, string][] = [
  ["I ordered a lamp last week and", "it has still not turned up"],
  ["well I was wondering whether", "you could tell me about my delivery"],
  ["I would like to return", "the blue jacket that I bought"],
  ["so the thing is that my", "parcel arrived without the charger"],
  ["um", "can I change my delivery address please"],
  ["could you let me know if", "my order has been sent out"],
];
const STORIES: [string, string, string][] = [
  [
    "so last Tuesday I ordered a coffee machine for my sister",
    "and it came on Friday which was fine but when she opened it",
    "the jug was cracked so I would like a new one",
  ],
  [
    "I rang yesterday and spoke to a gentleman about a sofa",
    "and he told me somebody would call me back this morning",
    "but nobody has so I am trying again",
  ],
];
const DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const INTERRUPTIONS = [
  "sorry can I just stop you there",
  "no that is not what I asked for",
  "hang on I have a different question",
  "wait I meant the other order",
  "actually could you tell me about my refund instead",
];
const BACKCHANNELS = ["yeah", "mm-hm", "okay", "right", "uh-huh", "I see"];
const ASIDES = [
  "darling can you turn the oven off please",
  "no put it on the table over there",
  "just a second sweetheart I am on the phone",
];
const TELEVISION = [
  "and in other news the council has voted to close the old bridge for repairs until the spring",
  "coming up after the break we talk to three gardeners about their prize winning roses",
];

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

interface Maker {
  random: () => number;
  voices: Voices;
  voice: CallerVoice;
}
type Made = Omit<Stimulus, "id" | "scenario" | "voice">;

const pick = <T>(random: () => number, options: readonly T[]): T => {
  const chosen = options[Math.floor(random() * options.length)];
  if (chosen === undefined) throw new RangeError("nothing to choose from");
  return chosen;
};
const between = (random: () => number, low: number, high: number): number => low + random() * (high - low);
const AFTER = { kind: "after-agent" } as const;
const over = (intoSentenceMs: number) => ({ kind: "over-agent", intoSentenceMs }) as const;

function speech({ voices, voice, random }: Maker, text: string) {
  const clip = voices.say(voice, text, Math.round(between(random, 140, 180) / 10) * 10);
  return { ...clip, audio: clip.audio.subarray(clip.speech.startMs * 8, clip.speech.endMs * 8) };
}

function whole(maker: Maker, text: string, trigger: Stimulus["trigger"]): Made {
  const { audio } = speech(maker, text);
  const endMs = audio.length / 8;
  return { trigger, audio, startMs: 0, endMs, turnEndMs: endMs, words: text };
}

/** Speech with one pause in it: what is judged is the pause. */
function broken(maker: Maker, first: string, second: string, pauseMs: number): Made {
  const a = speech(maker, first).audio;
  const b = speech(maker, second).audio;
  const audio = joined(a, silence(pauseMs), b);
  const startMs = a.length / 8;
  return {
    trigger: AFTER,
    audio,
    startMs,
    endMs: startMs + pauseMs,
    turnEndMs: audio.length / 8,
    words: `${first} ${second}`,
  };
}

function sound(audio: Int16Array, intoSentenceMs: number, words = ""): Made {
  const endMs = audio.length / 8;
  return { trigger: over(intoSentenceMs), audio, startMs: 0, endMs, turnEndMs: endMs, words };
}

const MAKERS: Record<Exclude<Scenario, "echo">, (maker: Maker) => Made> = {
  "smooth-turn": (m) => whole(m, pick(m.random, QUESTIONS), AFTER),
  "pause-in-turn": (m) => broken(m, ...pick(m.random, HALVES), between(m.random, 200, 2_000)),
  "pause-in-digits": (m) => {
    const digits = Array.from({ length: 5 }, () => pick(m.random, DIGITS));
    const cut = 1 + Math.floor(m.random() * 4);
    const made = broken(m, digits.slice(0, cut).join(" "), digits.slice(cut).join(" "), between(m.random, 200, 2_000));
    return { ...made, prelude: speech(m, "where is my order").audio };
  },
  "long-story": (m) => {
    const [a, b, c] = pick(m.random, STORIES);
    const made = broken(m, a, b, between(m.random, 300, 900));
    const rest = speech(m, c).audio;
    const audio = joined(made.audio, silence(between(m.random, 300, 900)), rest);
    return { ...made, audio, turnEndMs: audio.length / 8, words: `${a} ${b} ${c}` };
  },
  "interruption-early": (m) => whole(m, pick(m.random, INTERRUPTIONS), over(between(m.random, 400, 1_000))),
  "interruption-middle": (m) => whole(m, pick(m.random, INTERRUPTIONS), over(between(m.random, 2_000, 3_500))),
  "interruption-late": (m) => whole(m, pick(m.random, INTERRUPTIONS), over(between(m.random, 4_500, 5_500))),
  backchannel: (m) => whole(m, pick(m.random, BACKCHANNELS), over(between(m.random, 1_500, 4_500))),
  "talking-to-others": (m) => {
    const made = whole(m, pick(m.random, ASIDES), over(between(m.random, 1_500, 3_500)));
    // Turned away from the handset.
    return { ...made, audio: attenuated(made.audio, -12) };
  },
  "background-speech": (m) => {
    const made = whole(m, pick(m.random, TELEVISION), over(between(m.random, 1_000, 2_500)));
    return { ...made, audio: attenuated(made.audio, -pick(m.random, [0, 10, 20])) };
  },
  "vocal-tic": (m) => sound(toPcm(cough(m.random)), between(m.random, 1_500, 4_500), "(cough)"),
  "background-noise": (m) => {
    const kind = pick(m.random, ["slam", "barks", "room"] as const);
    const samples = kind === "slam" ? slam(m.random) : kind === "barks" ? barks(m.random) : roomNoise(m.random, 16_000);
    return sound(toPcm(samples, between(m.random, 0.3, 1)), between(m.random, 1_500, 3_500), `(${kind})`);
  },
};

export const MADE_SCENARIOS = Object.keys(MAKERS) as (keyof typeof MAKERS)[];

/** The same seed gives the same stimuli, whatever is made before or after. */
export function makeStimuli(voices: Voices, scenario: keyof typeof MAKERS, count: number, seed: number): Stimulus[] {
  return Array.from({ length: count }, (_, index) => {
    const random = seededRandom(seed * 1_000_003 + index * 97 + MADE_SCENARIOS.indexOf(scenario) * 7_919);
    const voice = pick(random, CALLER_VOICES);
    return { id: `${scenario}-${seed}-${index}`, scenario, voice, ...MAKERS[scenario]({ random, voices, voice }) };
  });
}
