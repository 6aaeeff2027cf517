import { encodeUlaw, ULAW_SILENCE } from "@sidetone/audio";
import { type ExpectationKind, HOP_SAMPLES } from "../port.ts";
import type { Clip } from "./clip-set.ts";
import { generator } from "./statistics.ts";

/** A little call made of clips: what the model is asked to listen to, and what is known of it. */
export interface Trial {
  readonly group: string;
  readonly speaker: string;
  /** Whole hops of both channels. */
  readonly caller: Uint8Array;
  readonly agent: Uint8Array;
  readonly agentPlays: boolean;
  readonly expectation: ExpectationKind;
  /** Digits or letters that are expected; 0 where nobody counts. */
  readonly length: number;
  readonly words: readonly string[] | undefined;
  /** Of the caller's speech within the trial; undefined for noise. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** Pauses inside the turn that were put there. */
  readonly pauses: readonly { readonly startMs: number; readonly endMs: number }[];
}

const LEAD_SAMPLES = 4000;
const TAIL_SAMPLES = 20_800;
const OWN_LEAD_MS = 300;
/** An interruption comes when the agent has spoken for a while. */
const INTERRUPTION_LEAD_SAMPLES = 9600;
const STRINGS_PER_SPEAKER = 24;

/** Quiet line noise of about -66 dBFS: no telephone line is digitally silent. */
function lineNoise(length: number, random: () => number): Uint8Array {
  const muLaw = new Uint8Array(length);
  encodeUlaw(
    Int16Array.from({ length }, () => Math.round((random() - 0.5) * 56)),
    muLaw,
  );
  return muLaw;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = Buffer.concat(parts);
  const hops = Math.ceil(whole.length / HOP_SAMPLES);
  const out = new Uint8Array(hops * HOP_SAMPLES).fill(ULAW_SILENCE);
  out.set(whole);
  return out;
}

const toMs = (samples: number): number => samples / 8;

/** A clip as a caller's turn, in the quiet before and after; a clip that has enough of its own is taken as it is. */
export function turnTrial(clip: Clip): Trial {
  const random = generator(clip.muLaw.length);
  const hasOwnQuiet =
    clip.speech !== undefined &&
    clip.speech.startMs >= OWN_LEAD_MS &&
    toMs(clip.muLaw.length) - clip.speech.endMs >= toMs(TAIL_SAMPLES);
  const leadMs = hasOwnQuiet ? 0 : toMs(LEAD_SAMPLES);
  const caller = hasOwnQuiet
    ? join([clip.muLaw])
    : join([lineNoise(LEAD_SAMPLES, random), clip.muLaw, lineNoise(TAIL_SAMPLES, random)]);
  const isDigit = clip.kind === "digit";
  const moved = (at: number): number => leadMs + at;
  return {
    group: clip.kind,
    speaker: clip.speaker,
    caller,
    agent: new Uint8Array(caller.length).fill(ULAW_SILENCE),
    agentPlays: false,
    expectation: clip.expectation ?? (isDigit ? "digits" : "open"),
    length: clip.expectation === undefined && isDigit ? 1 : clip.length,
    words: clip.words,
    startMs: clip.speech && moved(clip.speech.startMs),
    endMs: clip.speech && moved(clip.speech.endMs),
    pauses: clip.pauses.map((pause) => ({ startMs: moved(pause.startMs), endMs: moved(pause.endMs) })),
  };
}

/** A clip on the caller's side while the agent is speaking. */
export function overlapTrial(clip: Clip, agentSpeech: Uint8Array): Trial {
  const random = generator(clip.muLaw.length);
  const caller = join([lineNoise(INTERRUPTION_LEAD_SAMPLES, random), clip.muLaw, lineNoise(4000, random)]);
  const agent = new Uint8Array(caller.length);
  for (let i = 0; i < agent.length; i++) agent[i] = agentSpeech[i % agentSpeech.length]!;
  return {
    ...turnTrial(clip),
    caller,
    agent,
    agentPlays: true,
    expectation: "open",
    length: 0,
    startMs: clip.speech && toMs(INTERRUPTION_LEAD_SAMPLES) + clip.speech.startMs,
    endMs: clip.speech && toMs(INTERRUPTION_LEAD_SAMPLES) + clip.speech.endMs,
  };
}

/** Strings of 4 to 8 digits, made of each speaker's single digits with the pauses of somebody who reads them out. */
export function digitStrings(clips: readonly Clip[]): Trial[] {
  const bySpeaker = Map.groupBy(
    clips.filter((clip) => clip.kind === "digit" && clip.words?.length === 1 && clip.speaker !== "unknown"),
    (clip) => clip.speaker,
  );
  const trials: Trial[] = [];
  for (const [speaker, own] of bySpeaker) {
    if (new Set(own.map((clip) => clip.words![0])).size < 5) continue;
    const random = generator(own.length + speaker.length);
    for (let i = 0; i < STRINGS_PER_SPEAKER; i++) trials.push(digitString(speaker, own, random));
  }
  return trials;
}

function digitString(speaker: string, own: readonly Clip[], random: () => number): Trial {
  const length = 4 + Math.floor(random() * 5);
  const parts = [lineNoise(LEAD_SAMPLES, random)];
  const words: string[] = [];
  const pauses: { startMs: number; endMs: number }[] = [];
  let at = LEAD_SAMPLES;
  for (let digit = 0; digit < length; digit++) {
    const clip = own[Math.floor(random() * own.length)]!;
    // A clip without marks is one that was cut to its speech.
    const speech = clip.speech ? clip.muLaw.subarray(clip.speech.startMs * 8, clip.speech.endMs * 8) : clip.muLaw;
    parts.push(speech);
    words.push(clip.words![0]!);
    at += speech.length;
    if (digit === length - 1) break;
    const isGroupEnd = digit % 3 === 2;
    const pause = Math.round((isGroupEnd ? 320 + 700 * random() : 40 + 160 * random()) * 8);
    if (isGroupEnd) pauses.push({ startMs: toMs(at), endMs: toMs(at + pause) });
    parts.push(lineNoise(pause, random));
    at += pause;
  }
  const caller = join([...parts, lineNoise(TAIL_SAMPLES, random)]);
  return {
    group: "digit strings",
    speaker,
    caller,
    agent: new Uint8Array(caller.length).fill(ULAW_SILENCE),
    agentPlays: false,
    expectation: "digits",
    length,
    words,
    startMs: toMs(LEAD_SAMPLES),
    endMs: toMs(at),
    pauses,
  };
}
