export { FiguresOfCall, type FloorChange } from "./call-figures.ts";
export * from "./number-routes.ts";
export * from "./rows-access.ts";
export {
  type CallMark,
  type CallPage,
  type CallRecord,
  type CallRow,
  type CallSearch,
  type CallTurn,
  deleteCall,
  findCall,
  marksOf,
  searchCalls,
  termsOf,
  turnsOf,
  upsertCall,
} from "./rows-calls.ts";
export * from "./rows-connectors.ts";
export { type Database, type DatabaseKind, openDatabase, RowsError } from "./rows-database.ts";
export * from "./rows-playbooks.ts";
export * from "./rows-rerun-claims.ts";
export * from "./rows-reruns.ts";
export * from "./rows-routes.ts";
export { ROLES, type Role, type Rows } from "./rows-schema.ts";
export * from "./rows-scores.ts";
export { Sealer } from "./sealer.ts";
export { TAPE_ERRORS, TapeError, type TapeErrorCode } from "./tape-errors.ts";
export { type Cue, cuesOf, exportJsonl, exportWav, toWebVtt } from "./tape-export.ts";
export { createMicroTurn, type MicroTurn, UNDECIDED } from "./tape-format.ts";
export { fileBytes, type TapeBytes, type TapeIndexEntry, TapeReader, type TapeRecord } from "./tape-reader.ts";
export {
  LIVE_SUFFIX,
  openTapeStorage,
  type StoredTape,
  type TapeStorage,
  type TapeStorageOptions,
} from "./tape-storage.ts";
export { appendEnd, type TapeCounts, TapeWriter, type TapeWriterOptions } from "./tape-writer.ts";
