import * as ffi from "node:ffi";
import { SpeechError } from "../errors.ts";
import type { NativeVoice } from "./native-voice.ts";

const CONTINUE = 0;

// Layouts of flite 2.2 on 64-bit machines, from cst_wave.h, cst_audio.h and cst_voice.h: byte offsets of the fields.
const WAVE_RATE = 8;
const WAVE_SAMPLES = 24;
const STREAMING_MIN_BUFFER = 0;
const STREAMING_CALLBACK = 8;
const STREAMING_UTTERANCE = 16;
const VOICE_FEATURES = 8;
/** Pieces of at least this many samples are handed out. */
const PIECE_SAMPLES = 256;
const TOKEN_OF_SEGMENT = "R:SylStructure.parent.parent.R:Token.parent";

/** Loads a voice of flite (http://cmuflite.org). Throws `SPEECH_ENGINE_MISSING`. */
export function openFlite(name: string): NativeVoice {
  try {
    return load(name);
  } catch (cause) {
    throw new SpeechError("SPEECH_ENGINE_MISSING", `flite voice ${name}`, { cause });
  }
}

function load(name: string): NativeVoice {
  const { lib, functions: flite } = ffi.dlopen("libflite.so.1", {
    flite_init: { return: "i32", arguments: [] },
    flite_synth_text: { return: "pointer", arguments: ["string", "pointer"] },
    delete_utterance: { return: "void", arguments: ["pointer"] },
    new_audio_streaming_info: { return: "pointer", arguments: [] },
    audio_streaming_info_val: { return: "pointer", arguments: ["pointer"] },
    flite_feat_set: { return: "void", arguments: ["pointer", "string", "pointer"] },
    flite_feat_set_float: { return: "void", arguments: ["pointer", "string", "f32"] },
    utt_relation: { return: "pointer", arguments: ["pointer", "string"] },
    relation_head: { return: "pointer", arguments: ["pointer"] },
    item_next: { return: "pointer", arguments: ["pointer"] },
    flite_path_to_item: { return: "pointer", arguments: ["pointer", "string"] },
    flite_ffeature_float: { return: "f32", arguments: ["pointer", "string"] },
  });
  const { functions: libc } = ffi.dlopen("libc.so.6", { srand: { return: "void", arguments: ["u32"] } });
  flite.flite_init();
  const register = `register_cmu_us_${name}`;
  const voiceLibrary = ffi.dlopen(`libflite_cmu_us_${name}.so.1`, {
    [register]: { return: "pointer", arguments: ["pointer"] },
  });
  const voice = voiceLibrary.functions[register]!(0n) as bigint;
  const features = ffi.getUint64(voice, VOICE_FEATURES);

  let onPiece: (wave: bigint, start: number, length: number, utterance: bigint) => void = () => undefined;
  const callback = lib.registerCallback(
    { return: "i32", arguments: ["pointer", "i32", "i32", "i32", "pointer"] },
    (wave, start, length, _last, info) => {
      onPiece(wave as bigint, start, length, ffi.getUint64(info as bigint, STREAMING_UTTERANCE));
      return CONTINUE;
    },
  );
  const streaming = flite.new_audio_streaming_info();
  ffi.setInt32(streaming, STREAMING_MIN_BUFFER, PIECE_SAMPLES);
  ffi.setUint64(streaming, STREAMING_CALLBACK, callback);
  flite.flite_feat_set(features, "streaming_info", flite.audio_streaming_info_val(streaming));

  const tokenBounds = (utterance: bigint, rateHz: number): Float64Array => {
    const bounds: number[] = [];
    let token = 0n;
    let previousEnd = 0;
    let segment = flite.relation_head(flite.utt_relation(utterance, "Segment"));
    for (; segment !== 0n; segment = flite.item_next(segment)) {
      const end = Math.round(flite.flite_ffeature_float(segment, "end") * rateHz);
      const owner = flite.flite_path_to_item(segment, TOKEN_OF_SEGMENT);
      if (owner !== 0n && owner === token) bounds[bounds.length - 1] = end;
      else if (owner !== 0n) bounds.push(previousEnd, end);
      token = owner === 0n ? token : owner;
      previousEnd = end;
    }
    return Float64Array.from(bounds);
  };

  const rateHz = 16_000;
  return {
    rateHz,
    speak(text, rate, onAudio, onTokens) {
      // The vocoder draws its noise from rand(); seeded alike, the same text gives the same audio.
      libc.srand(1);
      flite.flite_feat_set_float(features, "duration_stretch", 1 / rate);
      let timed = false;
      onPiece = (wave, start, length, utterance) => {
        if (length <= 0 || ffi.getInt32(wave, WAVE_RATE) !== rateHz) return;
        // Durations are settled before the first sample is made.
        if (!timed && utterance !== 0n) onTokens(tokenBounds(utterance, rateHz));
        timed ||= utterance !== 0n;
        const samples = ffi.getUint64(wave, WAVE_SAMPLES) + BigInt(2 * start);
        onAudio(new Int16Array(ffi.toArrayBuffer(samples, 2 * length, false)));
      };
      const utterance = flite.flite_synth_text(text, voice);
      if (utterance === 0n) throw new SpeechError("SPEECH_ENGINE_FAILED", "flite gave no utterance");
      if (!timed) onTokens(tokenBounds(utterance, rateHz));
      flite.delete_utterance(utterance);
    },
  };
}
