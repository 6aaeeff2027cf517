/** What can be wrong with a model, its files or its use. The key is the code. */
export const MODEL_ERRORS = {
  MODEL_FILE_MISSING: "A model file is missing; check the weights folder and the manifest's file names.",
  MODEL_MANIFEST_INVALID: "The manifest does not follow its schema; export the model again with this version.",
  MODEL_MANIFEST_VERSION: "The manifest has another version than this runtime; export the model again.",
  MODEL_WEIGHTS_HASH: "The weights differ from the manifest's hash; fetch or export the files again.",
  MODEL_WEIGHTS_UNREADABLE: "The weights cannot be loaded; fetch or export the files again.",
  MODEL_SHAPE_MISMATCH: "The network's inputs or outputs differ from the manifest; export both together.",
  MODEL_NO_FREE_SLOT: "Every slot is taken; place the call on another pod.",
  MODEL_SLOT_NOT_OPEN: "The slot is not open; open or restore it first.",
  MODEL_BATCH_INVALID: "The batch is larger than the model's capacity, or names a slot twice.",
  MODEL_SNAPSHOT_INVALID: "The snapshot is damaged or of another model; open a fresh slot.",
  EVAL_SET_INVALID: "The evaluation set cannot be read; check the folder, its manifest and the clips' format.",
  DECODER_LEXICON_INVALID: "The phrases cannot be compiled for this alphabet; check the playbook's wording.",
} as const;

export type ModelErrorCode = keyof typeof MODEL_ERRORS;

/** A fault of the model's own, told by its code. */
export class ModelError extends Error {
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, detail: string, options?: { cause?: unknown }) {
    super(`${code}: ${detail}. ${MODEL_ERRORS[code]}`, options);
    this.name = "ModelError";
    this.code = code;
  }
}
