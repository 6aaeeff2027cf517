export { TAPE_ERRORS, TapeError, type TapeErrorCode } from "./tape-errors.ts";
export { createMicroTurn, type MicroTurn, UNDECIDED } from "./tape-format.ts";
export { fileBytes, type TapeBytes, type TapeIndexEntry, TapeReader, type TapeRecord } from "./tape-reader.ts";
export { type TapeCounts, TapeWriter, type TapeWriterOptions } from "./tape-writer.ts";
