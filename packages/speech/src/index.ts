export { SpeechCache, type SpeechCacheOptions } from "./cache.ts";
export { CartesiaEngine, type CartesiaEngineOptions } from "./engines/cartesia-engine.ts";
export { ElevenLabsEngine, type ElevenLabsEngineOptions } from "./engines/elevenlabs-engine.ts";
export { NativeEngine, type NativeEngineOptions } from "./engines/native-engine.ts";
export { ESPEAK_VOICES, FLITE_VOICES } from "./engines/native-voice.ts";
export { OpenAiEngine, type OpenAiEngineOptions } from "./engines/openai-engine.ts";
export { SPEECH_ERRORS, SpeechError, type SpeechErrorCode } from "./errors.ts";
export type { SpeechEngine, SpeechRequest, SpeechSink, WordTiming } from "./port.ts";
export { SAMPLE_RATE_HZ } from "./port.ts";
export {
  type Break,
  type CompiledPronunciations,
  compilePronunciations,
  type Pronunciations,
  pronounce,
  type SpokenWord,
} from "./pronounce.ts";
export { type FirstAudioSource, type SayOptions, Speaker, type SpeakerOptions, type WarmResult } from "./speaker.ts";
export { Utterance, type UtteranceWord } from "./utterance.ts";
