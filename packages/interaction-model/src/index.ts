export { Alphabet } from "./decoder/alphabet.ts";
export { Decoder, type HeardWord } from "./decoder/decoder.ts";
export { Grammar, type GrammarSource, wordsOf } from "./decoder/grammar.ts";
export { DECODER_SETTINGS, type DecoderSettings } from "./decoder/prefix-search.ts";
export { MODEL_ERRORS, ModelError, type ModelErrorCode } from "./errors.ts";
export { MANIFEST_VERSION, type Manifest } from "./manifest.ts";
export { OnnxModel, type OnnxModelOptions, SHIPPED_WEIGHTS_FOLDER } from "./onnx-model.ts";
export { certaintyNeeded, DEAD_AIR_HOPS, weighedQuietHops } from "./patience.ts";
export * from "./port.ts";
