// Puts ears that know what will be said in the place of the network's, so that a demonstration of the background tier
// does not hang on how well the present weights hear:
//   POD_MODEL_WRAPPER=file:///path/knowing-ears.ts?known=/path/known.json
// The sound is real and goes the whole road; a recording is told by its bytes, its words come when they are said, and a
// turn ends 320 ms after its sound (200 ms where the expectation is fulfilled). Decoder, dialogue and floor are the
// pod's own.
import { readFileSync } from "node:fs";
import {
  Alphabet,
  DECISION_COUNT,
  DECISIONS,
  type Decision,
  HOP_SAMPLES,
  type HopBatch,
  type InteractionModel,
  type OutputBatch,
  OVERLAP_COUNT,
  OVERLAP_KINDS,
  type Slot,
  VOICE_COUNT,
} from "@sidetone/interaction-model";
import type { KnownSpeech } from "./known-speech.ts";

const FRAME_SAMPLES = 160;
const FRAME_MS = 20;
const SILENT = /^[\x7f\xff]*$/;
const BLANK = 0;
const SPACE = 1;
const FRAMES_PER_SYMBOL = 2;
const SURE = Math.log(0.98);
const ENDS_TURN_HOPS = 8;
const ENDS_FULFILLED_HOPS = 5;
const TAKES_FLOOR_HOPS = 4;

/** One recording: the symbol of each 20 ms. */
class Recording {
  readonly frames: readonly string[];
  readonly symbols: Uint8Array;

  constructor(known: KnownSpeech, alphabet: Alphabet) {
    const audio = Buffer.from(known.audio, "base64");
    const count = Math.ceil(audio.length / FRAME_SAMPLES);
    this.frames = Array.from({ length: count }, (_, i) =>
      audio.toString("latin1", i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES),
    );
    this.symbols = new Uint8Array(count);
    for (const word of known.words) this.#spell(word, alphabet);
  }

  /** A word is heard by its end: its symbols lie in every other frame before it, and the space behind it. */
  #spell({ text, endMs }: KnownSpeech["words"][number], alphabet: Alphabet): void {
    const end = Math.min(this.symbols.length - 1, Math.round(endMs / FRAME_MS));
    const symbols = alphabet.spellings(text)[0]!;
    for (const [i, symbol] of symbols.entries()) {
      const frame = end - FRAMES_PER_SYMBOL * (symbols.length - i);
      if (frame >= 0) this.symbols[frame] = symbol;
    }
    this.symbols[end] = SPACE;
  }
}

interface CallEars {
  playing: Recording | undefined;
  /** The recording's frame that the next hop begins with. */
  next: number;
  spoke: boolean;
  voicedHops: number;
  quietHops: number;
}

export default function knowing(inner: InteractionModel): InteractionModel {
  const path = new URL(import.meta.url).searchParams.get("known") ?? "";
  const { symbols, symbolFramesPerHop } = inner.info;
  const alphabet = new Alphabet(symbols);
  const known = JSON.parse(readFileSync(path, "utf8")) as KnownSpeech[];
  const places = indexed(known.map((one) => new Recording(one, alphabet)));
  const calls = new Map<Slot, CallEars>();
  const opened = (slot: Slot): Slot => {
    calls.set(slot, { playing: undefined, next: 0, spoke: false, voicedHops: 0, quietHops: 0 });
    return slot;
  };

  const hear = (call: CallEars, hops: HopBatch, row: number): void => {
    const audio = Buffer.from(hops.caller.buffer, hops.caller.byteOffset + row * HOP_SAMPLES, HOP_SAMPLES);
    for (let frame = 0; frame < symbolFramesPerHop; frame++) {
      const at = places.get(audio.toString("latin1", frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES));
      // Recordings that begin with the same words are told apart where they part.
      if (!at || (call.playing && !at.isUnique)) continue;
      call.playing = at.recording;
      call.next = at.frame - frame;
      return;
    }
  };

  const decide = (call: CallEars, hops: HopBatch, row: number): Decision => {
    if (hops.agentPlaying[row] === 1) return call.voicedHops >= TAKES_FLOOR_HOPS ? "yield" : "hold";
    const isFulfilled = hops.expectationKind[row] !== 0 && hops.expectationRemaining[row] === 0;
    const enough = call.quietHops >= (isFulfilled ? ENDS_FULFILLED_HOPS : ENDS_TURN_HOPS);
    return call.spoke && enough ? "begin" : "listen";
  };

  const answer = (call: CallEars, hops: HopBatch, row: number, outputs: OutputBatch): void => {
    hear(call, hops, row);
    const { playing } = call;
    const width = symbols.length;
    const unlikely = Math.log((1 - Math.exp(SURE)) / (width - 1));
    const at = row * symbolFramesPerHop * width;
    outputs.symbols.fill(unlikely, at, at + symbolFramesPerHop * width);
    for (let frame = 0; frame < symbolFramesPerHop; frame++) {
      outputs.symbols[at + frame * width + (playing?.symbols[call.next + frame] ?? BLANK)] = SURE;
    }
    if (playing) {
      call.next += symbolFramesPerHop;
      if (call.next >= playing.frames.length) call.playing = undefined;
    }
    call.voicedHops = playing ? call.voicedHops + 1 : 0;
    call.quietHops = playing ? 0 : call.quietHops + 1;
    const decision = decide(call, hops, row);
    call.spoke = playing !== undefined || (call.spoke && decision !== "begin");
    one(outputs.decision, row, DECISION_COUNT, DECISIONS.indexOf(decision));
    const isOver = playing !== undefined && hops.agentPlaying[row] === 1;
    one(outputs.overlap, row, OVERLAP_COUNT, OVERLAP_KINDS.indexOf(isOver ? "floor-taking" : "none"));
    outputs.voice.fill(0, row * VOICE_COUNT, (row + 1) * VOICE_COUNT);
    outputs.voice[row * VOICE_COUNT] = playing ? 1 : 0;
    outputs.wants.fill(0, row * inner.info.wants.length, (row + 1) * inner.info.wants.length);
  };

  return {
    info: { ...inner.info, name: "knowing", version: "knowing" },
    open: (seed) => opened(inner.open(seed)),
    async step(hops, outputs) {
      await inner.step(hops, outputs);
      for (let row = 0; row < hops.count; row++) answer(calls.get(hops.slots[row]!)!, hops, row, outputs);
    },
    snapshot: (slot) => inner.snapshot(slot),
    restore: (snapshot) => opened(inner.restore(snapshot)),
    close(slot) {
      calls.delete(slot);
      inner.close(slot);
    },
    dispose: () => inner.dispose(),
  };
}

interface Place {
  recording: Recording;
  frame: number;
  isUnique: boolean;
}

/** Where each frame of sound was first said, and whether it was said only there. */
function indexed(recordings: readonly Recording[]): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const recording of recordings) {
    recording.frames.forEach((sound, frame) => {
      if (SILENT.test(sound)) return;
      const known = places.get(sound);
      if (known) known.isUnique = false;
      else places.set(sound, { recording, frame, isUnique: true });
    });
  }
  return places;
}

function one(column: Float32Array, row: number, width: number, index: number): void {
  column.fill(0, row * width, (row + 1) * width);
  column[row * width + index] = 1;
}
