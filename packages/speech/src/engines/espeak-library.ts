import * as ffi from "node:ffi";
import { SpeechError } from "../errors.ts";
import type { NativeVoice } from "./native-voice.ts";

// Values and layouts of espeak-ng 1.51 on 64-bit machines, from speak_lib.h.
const OUTPUT_SYNCHRONOUS = 2;
const PIECE_MS = 60;
const PARAMETER_RATE = 1;
const NORMAL_WORDS_A_MINUTE = 165;
const POSITION_CHARACTER = 1;
const CHARACTERS_UTF8 = 1;
const EVENT_BYTES = 40;
const EVENT_TEXT_POSITION = 8;
const EVENT_SAMPLE = 20;
const EVENT_LIST_TERMINATED = 0;
const EVENT_WORD = 1;
const EVENT_END = 5;

interface Espeak {
  readonly rateHz: number;
  /** The library has one current voice; false when it has none of this name. */
  select(voice: string): boolean;
  speak: NativeVoice["speak"];
}

let library: Espeak | undefined;

/** Gives a voice of espeak-ng, by its own name such as `en-us`. Throws `SPEECH_ENGINE_MISSING`, `SPEECH_VOICE_UNKNOWN`. */
export function openEspeak(name: string): NativeVoice {
  try {
    library ??= load();
  } catch (cause) {
    throw new SpeechError("SPEECH_ENGINE_MISSING", "espeak-ng", { cause });
  }
  const espeak = library;
  if (!espeak.select(name)) throw new SpeechError("SPEECH_VOICE_UNKNOWN", `espeak-ng voice ${name}`);
  return {
    rateHz: espeak.rateHz,
    speak(...request) {
      espeak.select(name);
      espeak.speak(...request);
    },
  };
}

function load(): Espeak {
  const { lib, functions: espeak } = ffi.dlopen("libespeak-ng.so.1", {
    espeak_Initialize: { return: "i32", arguments: ["i32", "i32", "pointer", "i32"] },
    espeak_SetSynthCallback: { return: "void", arguments: ["pointer"] },
    espeak_SetVoiceByName: { return: "i32", arguments: ["string"] },
    espeak_SetParameter: { return: "i32", arguments: ["i32", "i32", "i32"] },
    espeak_Synth: { return: "i32", arguments: ["string", "u64", "u32", "i32", "u32", "u32", "pointer", "pointer"] },
  });
  const rateHz = espeak.espeak_Initialize(OUTPUT_SYNCHRONOUS, PIECE_MS, 0n, 0);
  let onPiece: (wave: bigint, length: number, events: bigint) => void = () => undefined;
  const callback = lib.registerCallback(
    { return: "i32", arguments: ["pointer", "i32", "pointer"] },
    (wave, length, events) => {
      onPiece(wave as bigint, length, events as bigint);
      return 0;
    },
  );
  espeak.espeak_SetSynthCallback(callback);
  return {
    rateHz,
    select: (voice) => espeak.espeak_SetVoiceByName(voice) === 0,
    speak(text, rate, onAudio, onTokens) {
      const marks: Mark[] = [];
      let total = 0;
      onPiece = (wave, length, events) => {
        readMarks(events, marks);
        if (wave === 0n || length <= 0) return;
        total += length;
        onAudio(new Int16Array(ffi.toArrayBuffer(wave, 2 * length, false)));
      };
      espeak.espeak_SetParameter(PARAMETER_RATE, Math.round(NORMAL_WORDS_A_MINUTE * rate), 0);
      const bytes = BigInt(Buffer.byteLength(text) + 1);
      const status = espeak.espeak_Synth(text, bytes, 0, POSITION_CHARACTER, 0, CHARACTERS_UTF8, 0n, 0n);
      if (status !== 0) throw new SpeechError("SPEECH_ENGINE_FAILED", `espeak_Synth gave ${status}`);
      onTokens(boundsFromMarks(text, marks, total));
    },
  };
}

/** A word's or a clause's place in the text (0-based characters) and in the audio. */
interface Mark {
  readonly kind: "word" | "end";
  readonly character: number;
  readonly sample: number;
}

function readMarks(events: bigint, marks: Mark[]): void {
  for (let event = events; event !== 0n; event += BigInt(EVENT_BYTES)) {
    const type = ffi.getInt32(event, 0);
    if (type === EVENT_LIST_TERMINATED) return;
    if (type !== EVENT_WORD && type !== EVENT_END) continue;
    marks.push({
      kind: type === EVENT_WORD ? "word" : "end",
      character: ffi.getInt32(event, EVENT_TEXT_POSITION) - 1,
      sample: ffi.getInt32(event, EVENT_SAMPLE),
    });
  }
}

/** espeak runs small words together and marks only the first; the others share its time by their letters. */
export function boundsFromMarks(text: string, marks: readonly Mark[], totalSamples: number): Float64Array {
  const starts = [...text.matchAll(/\S+/g)].map((match) => match.index);
  const bounds = new Float64Array(starts.length * 2);
  for (let first = 0; first < starts.length; ) {
    const from = marks.find((mark) => mark.kind === "word" && mark.character >= starts[first]!);
    const nextMark = marks.find((mark) => from !== undefined && mark.sample > from.sample);
    let after = first + 1;
    while (after < starts.length && nextMark && starts[after]! < nextMark.character) after++;
    if (!nextMark || nextMark.kind === "end") after = Math.max(after, first + 1);
    const start = from?.sample ?? totalSamples;
    const end = nextMark?.sample ?? totalSamples;
    const characters = (after < starts.length ? starts[after]! : text.length) - starts[first]!;
    for (let i = first; i < after; i++) {
      const next = i + 1 < after ? starts[i + 1]! : starts[first]! + characters;
      bounds[2 * i] = start + ((end - start) * (starts[i]! - starts[first]!)) / characters;
      bounds[2 * i + 1] = start + ((end - start) * (next - starts[first]!)) / characters;
    }
    first = after;
  }
  return bounds;
}
