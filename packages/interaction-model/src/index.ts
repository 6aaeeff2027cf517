export { MODEL_ERRORS, ModelError, type ModelErrorCode } from "./errors.ts";
export * from "./port.ts";
