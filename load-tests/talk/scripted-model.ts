// A model whose decisions and hearing are scripted, for manners that must not depend on what the weights have learned:
//   POD_MODEL_WRAPPER=file:///.../scripted-model.ts?script=FILE
// FILE holds the callers' utterances, word for word and byte for byte; what is heard of one decides what is done.
import { readFileSync } from "node:fs";
import {
  Alphabet,
  DECISION_COUNT,
  DECISIONS,
  type Decision,
  HOP_SAMPLES,
  type HopBatch,
  INTENTS,
  type InteractionModel,
  type OutputBatch,
  OVERLAP_COUNT,
  OVERLAP_KINDS,
  type OverlapKind,
  type Slot,
  VOICE_COUNT,
} from "@sidetone/interaction-model";

/** How an utterance of the caller's is meant: `turn` takes the floor, `story` pauses for a murmur, the rest do not. */
export type Meaning = "turn" | "story" | "both-start" | "backchannel" | "side-talk";

export interface ScriptedUtterance {
  text: string;
  meaning: Meaning;
  /** The caller's audio, base64 of mu-law. */
  audio: string;
}

const FRAME_BYTES = HOP_SAMPLES / 2;
/** The caller has the floor after 160 ms of it; a turn is over after 320 ms of quiet; a murmur fits after 120 ms. */
const TAKES_FLOOR_HOPS = 4;
const ENDS_TURN_HOPS = 8;
const MURMUR_HOPS = 3;
/** Over the agent, ducking is for the time in which nobody knows what the sound will be. */
const AMBIGUOUS_HOPS = 3;
const BLANK = 0;
const SPACE = 1;
/** Logarithms of what a scripted symbol is worth, and of any other. */
const SURE = Math.log(0.98);
const UNLIKELY = Math.log(1e-4);
const URGENT = INTENTS.indexOf("urgent");

interface Known {
  meaning: Meaning;
  audio: Buffer;
  words: { symbols: number[]; endByte: number }[];
}

interface Ear {
  known: Known | undefined;
  /** Bytes of it that were heard, and words of it that were spelled. */
  at: number;
  words: number;
  soundHops: number;
  quietHops: number;
  spoke: boolean;
  symbols: number[];
}

export default function scripted(inner: InteractionModel): InteractionModel {
  const path = new URL(import.meta.url).searchParams.get("script");
  if (path === null) throw new Error("scripted-model needs ?script=FILE");
  const script = (JSON.parse(readFileSync(path, "utf8")) as ScriptedUtterance[]).map((one) => knownOf(one, inner));
  const ears = new Map<Slot, Ear>();
  return {
    info: inner.info,
    open: (seed) => inner.open(seed),
    async step(hops: HopBatch, outputs: OutputBatch): Promise<void> {
      await inner.step(hops, outputs);
      for (let row = 0; row < hops.count; row++) {
        const slot = hops.slots[row]!;
        const ear = ears.get(slot) ?? freshEar();
        ears.set(slot, ear);
        hear(ear, script, Buffer.from(hops.caller.subarray(row * HOP_SAMPLES, (row + 1) * HOP_SAMPLES)));
        const playing = hops.agentPlaying[row] === 1;
        decide(outputs, row, ear, playing, hops.intent[row] === URGENT);
        spell(outputs, row, ear, inner);
      }
    },
    snapshot: (slot) => inner.snapshot(slot),
    restore: (snapshot) => inner.restore(snapshot),
    close(slot) {
      ears.delete(slot);
      inner.close(slot);
    },
    dispose: () => inner.dispose(),
  };
}

const freshEar = (): Ear => ({
  known: undefined,
  at: 0,
  words: 0,
  soundHops: 0,
  quietHops: 0,
  spoke: false,
  symbols: [],
});

function knownOf({ text, meaning, audio }: ScriptedUtterance, { info }: InteractionModel): Known {
  const bytes = Buffer.from(audio, "base64");
  const spoken = text.replace(/\[pause \d+\]/g, "").trim();
  const letters = spoken.replaceAll(" ", "").length;
  const alphabet = new Alphabet(info.symbols);
  let before = 0;
  const words = spoken.split(/\s+/).map((word) => {
    before += word.length;
    const symbols = [SPACE];
    for (const symbol of alphabet.spellings(word)[0]!) {
      if (symbols.at(-1) === symbol) symbols.push(BLANK);
      symbols.push(symbol);
    }
    return { symbols, endByte: (before / letters) * bytes.length };
  });
  return { meaning, audio: bytes, words };
}

/** Finds the hop in the utterance that is being said, or in another that begins. */
function hear(ear: Ear, script: readonly Known[], hop: Buffer): void {
  const sound = hop.some((byte) => byte !== 0xff && byte !== 0x7f);
  const place = (known: Known, from: number): number => {
    for (const start of [0, FRAME_BYTES]) {
      const frame = hop.subarray(start, start + FRAME_BYTES);
      if (frame.every((byte) => byte === 0xff)) continue;
      const at = known.audio.indexOf(frame, from);
      if (at >= 0) return at - start + HOP_SAMPLES;
    }
    return -1;
  };
  ear.soundHops = sound ? ear.soundHops + 1 : 0;
  ear.quietHops = sound ? 0 : ear.quietHops + 1;
  if (ear.known && ear.at < ear.known.audio.length) ear.at += HOP_SAMPLES;
  if (!sound) return;
  if (!ear.known || ear.at - HOP_SAMPLES >= ear.known.audio.length || place(ear.known, 0) < 0) {
    const next = script.find((known) => place(known, 0) >= 0);
    if (next) Object.assign(ear, { known: next, at: place(next, 0), words: 0 });
  }
  if (ear.known?.meaning !== "side-talk") ear.spoke = true;
}

function decide(outputs: OutputBatch, row: number, ear: Ear, playing: boolean, urgent: boolean): void {
  const meaning = ear.soundHops > 0 ? ear.known?.meaning : undefined;
  let decision: Decision = playing ? "hold" : "listen";
  let overlap: OverlapKind = "none";
  if (playing && meaning !== undefined) {
    const takes = meaning === "turn" || meaning === "story";
    overlap = takes || meaning === "both-start" ? "floor-taking" : meaning;
    if (takes) decision = ear.soundHops >= TAKES_FLOOR_HOPS ? "yield" : "duck";
    else if (meaning === "both-start" || ear.soundHops <= AMBIGUOUS_HOPS) decision = "duck";
  } else if (!playing && urgent) decision = "begin";
  else if (!playing && ear.spoke) {
    const isStory = ear.known?.meaning === "story" && ear.at < ear.known.audio.length;
    if (isStory && ear.quietHops === MURMUR_HOPS) decision = "backchannel";
    else if (!isStory && ear.quietHops >= ENDS_TURN_HOPS && isSpelled(ear)) {
      decision = "begin";
      ear.spoke = false;
    }
  }
  outputs.decision.fill(0, row * DECISION_COUNT, (row + 1) * DECISION_COUNT);
  outputs.decision[row * DECISION_COUNT + DECISIONS.indexOf(decision)] = 1;
  outputs.overlap.fill(0, row * OVERLAP_COUNT, (row + 1) * OVERLAP_COUNT);
  outputs.overlap[row * OVERLAP_COUNT + OVERLAP_KINDS.indexOf(overlap)] = 1;
  outputs.voice[row * VOICE_COUNT] = meaning === undefined ? 0 : 1;
  outputs.wants.fill(
    0,
    row * (outputs.wants.length / outputs.capacity),
    (row + 1) * (outputs.wants.length / outputs.capacity),
  );
}

/** All that was said has been heard in words. */
const isSpelled = ({ known, words, symbols }: Ear): boolean =>
  symbols.length === 0 && (!known || words === known.words.length);

/** Spells the words whose end was heard, a symbol a frame. */
function spell(outputs: OutputBatch, row: number, ear: Ear, { info }: InteractionModel): void {
  const { known } = ear;
  for (; known && ear.words < known.words.length && known.words[ear.words]!.endByte <= ear.at; ear.words++)
    if (known.meaning !== "backchannel") ear.symbols.push(...known.words[ear.words]!.symbols);
  const width = info.symbols.length;
  for (let frame = 0; frame < info.symbolFramesPerHop; frame++) {
    const from = (row * info.symbolFramesPerHop + frame) * width;
    outputs.symbols.fill(UNLIKELY, from, from + width);
    outputs.symbols[from + (ear.symbols.shift() ?? BLANK)] = SURE;
  }
}
