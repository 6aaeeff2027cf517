/**
 * What the timeline draws of a call, in columns of one byte: 20 ms peaks of both channels, then one
 * value a hop. 60 minutes are 90,000 hops and 1.2 MB.
 *
 * file := "SDTC" version(u8) pad(3) hops(u32) then the columns in the order of COLUMNS
 */
export const COLUMNS_MAGIC = "SDTC";
export const COLUMNS_VERSION = 1;
export const COLUMNS_HEAD_BYTES = 12;
/** Columns and their values per hop. Peaks are -127..127 of full scale. */
export const COLUMNS = [
  { name: "callerMin", perHop: 2 },
  { name: "callerMax", perHop: 2 },
  { name: "agentMin", perHop: 2 },
  { name: "agentMax", perHop: 2 },
  /** Index into DECISIONS, 255 when the pod never answered. */
  { name: "decision", perHop: 1 },
  /** Bit 0: the caller talks; bit 1: the agent is heard; bit 2: audio withheld. */
  { name: "floor", perHop: 1 },
  /** Index into OVERLAP_KINDS. */
  { name: "overlap", perHop: 1 },
  { name: "expectation", perHop: 1 },
  /** Share of the caller's hop that was made up, 0..255. */
  { name: "concealed", perHop: 1 },
] as const;
export type ColumnName = (typeof COLUMNS)[number]["name"];

export const FLOOR_CALLER = 1;
export const FLOOR_AGENT = 2;
export const FLOOR_WITHHELD = 4;
