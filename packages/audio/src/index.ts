export { AUDIO_ERRORS, AudioError, type AudioErrorCode } from "./errors.ts";
export {
  ALAW_SILENCE,
  ALAW_TO_LINEAR,
  decodeAlaw,
  decodeUlaw,
  encodeAlaw,
  encodeUlaw,
  LINEAR_TO_ALAW,
  LINEAR_TO_ULAW,
  ULAW_SILENCE,
  ULAW_TO_LINEAR,
} from "./g711.ts";
export { DUCK, GainRamp } from "./gain-ramp.ts";
export {
  HOP_SAMPLES,
  HopAssembler,
  type HopAssemblerCounts,
  type HopAssemblerOptions,
  HopKind,
  PushKind,
  SAMPLES_PER_MS,
} from "./hop-assembler.ts";
export { LEVEL_FLOOR_DBFS, linearLevelDbfs, ulawLevelDbfs } from "./level.ts";
export { LogMel, MEL_BANDS, MEL_CARRY_SAMPLES, MEL_FRAMES_PER_HOP, MEL_VALUES_PER_HOP } from "./mel.ts";
export { Resampler, resample } from "./resampler.ts";
export { readWav, WAV_HEADER_BYTES, type WavAudio, type WavFormat, wavHeader, writeUlawWav, writeWav } from "./wav.ts";
