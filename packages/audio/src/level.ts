import { ULAW_TO_LINEAR } from "./g711.ts";

/** What total silence reads as, instead of minus infinity. */
export const LEVEL_FLOOR_DBFS = -96;

const ULAW_SQUARES = Float64Array.from(ULAW_TO_LINEAR, (value) => value * value);
const FULL_SCALE_SQUARE = 32768 * 32768;

/** RMS level of mu-law in dBFS, 0 being a square wave of full scale; a full-scale sine reads -3. */
export function ulawLevelDbfs(bytes: Uint8Array, offset = 0, lengthBytes: number = bytes.length - offset): number {
  let sum = 0;
  for (let i = offset; i < offset + lengthBytes; i++) sum += ULAW_SQUARES[bytes[i]!]!;
  return toDbfs(sum, lengthBytes);
}

/** RMS level of linear samples in dBFS, 0 being a square wave of full scale. */
export function linearLevelDbfs(samples: Int16Array, offset = 0, length: number = samples.length - offset): number {
  let sum = 0;
  for (let i = offset; i < offset + length; i++) sum += samples[i]! * samples[i]!;
  return toDbfs(sum, length);
}

function toDbfs(sumOfSquares: number, count: number): number {
  if (count === 0 || sumOfSquares === 0) return LEVEL_FLOOR_DBFS;
  return Math.max(LEVEL_FLOOR_DBFS, 10 * Math.log10(sumOfSquares / count / FULL_SCALE_SQUARE));
}
