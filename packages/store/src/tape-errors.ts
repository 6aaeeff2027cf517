/** What can be wrong with a tape or its storage. The key is the code, the text the remedy. */
export const TAPE_ERRORS = {
  TAPE_INVALID: "Check the path; the file must begin with a tape's header of a version this software knows.",
  TAPE_WRITE_FAILED: "Check space and permissions of the tape folder.",
  TAPE_STORAGE_UNAVAILABLE: "Check STORAGE_URL and its credentials; tapes wait in the tape folder meanwhile.",
  TAPE_STORAGE_INVALID: "Give STORAGE_URL as s3://bucket/prefix, or leave it unset for the tape folder.",
} as const;

export type TapeErrorCode = keyof typeof TAPE_ERRORS;

/** A fault of a tape, told by its code. */
export class TapeError extends Error {
  readonly code: TapeErrorCode;
  readonly remedy: string;

  constructor(code: TapeErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = "TapeError";
    this.code = code;
    this.remedy = TAPE_ERRORS[code];
  }
}
