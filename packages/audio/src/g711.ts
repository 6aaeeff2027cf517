/**
 * G.711 mu-law and A-law, table driven.
 *
 * Source: ITU-T G.711 (11/88) tables 1a to 2b for the values; ITU-T G.191 (software tool library, g711.c) for how
 * negative values that lie exactly on a decision value are rounded (one's complement).
 * Linear samples are signed 16 bits: mu-law's 14-bit and A-law's 13-bit values, left-justified.
 */

/** The mu-law byte for zero, and so for silence. */
export const ULAW_SILENCE = 0xff;
/** The A-law byte for the smallest positive value, used for silence. */
export const ALAW_SILENCE = 0xd5;

/** Linear value of every mu-law byte. */
export const ULAW_TO_LINEAR: Int16Array = new Int16Array(256);
/** Linear value of every A-law byte. */
export const ALAW_TO_LINEAR: Int16Array = new Int16Array(256);
/** mu-law byte of every linear value; index with `value & 0xffff`. */
export const LINEAR_TO_ULAW: Uint8Array = new Uint8Array(65536);
/** A-law byte of every linear value; index with `value & 0xffff`. */
export const LINEAR_TO_ALAW: Uint8Array = new Uint8Array(65536);

for (let byte = 0; byte < 256; byte++) {
  ULAW_TO_LINEAR[byte] = expandUlaw(byte);
  ALAW_TO_LINEAR[byte] = expandAlaw(byte);
}
for (let value = -32768; value < 32768; value++) {
  LINEAR_TO_ULAW[value & 0xffff] = compressUlaw(value);
  LINEAR_TO_ALAW[value & 0xffff] = compressAlaw(value);
}

/** Decodes `lengthBytes` mu-law bytes into `out`, from the start of both. */
export function decodeUlaw(bytes: Uint8Array, out: Int16Array, lengthBytes: number = bytes.length): void {
  for (let i = 0; i < lengthBytes; i++) out[i] = ULAW_TO_LINEAR[bytes[i]!]!;
}

/** Encodes `lengthSamples` linear samples into `out`, from the start of both. */
export function encodeUlaw(samples: Int16Array, out: Uint8Array, lengthSamples: number = samples.length): void {
  for (let i = 0; i < lengthSamples; i++) out[i] = LINEAR_TO_ULAW[samples[i]! & 0xffff]!;
}

/** Decodes `lengthBytes` A-law bytes into `out`, from the start of both. */
export function decodeAlaw(bytes: Uint8Array, out: Int16Array, lengthBytes: number = bytes.length): void {
  for (let i = 0; i < lengthBytes; i++) out[i] = ALAW_TO_LINEAR[bytes[i]!]!;
}

/** Encodes `lengthSamples` linear samples into `out`, from the start of both. */
export function encodeAlaw(samples: Int16Array, out: Uint8Array, lengthSamples: number = samples.length): void {
  for (let i = 0; i < lengthSamples; i++) out[i] = LINEAR_TO_ALAW[samples[i]! & 0xffff]!;
}

function compressUlaw(value: number): number {
  // 33 is the bias that makes every segment start at a power of two; 8191 the largest biased magnitude.
  const magnitude = Math.min(((value < 0 ? ~value : value) >> 2) + 33, 0x1fff);
  const segment = 32 - Math.clz32(magnitude >> 6);
  const step = (magnitude >> (segment + 1)) & 0x0f;
  return ((7 - segment) << 4) | (0x0f - step) | (value >= 0 ? 0x80 : 0);
}

function expandUlaw(byte: number): number {
  const segment = 7 - ((byte >> 4) & 0x07);
  const step = 0x0f - (byte & 0x0f);
  const magnitude = (((step << 1) + 33) << segment) - 33;
  return (byte & 0x80 ? magnitude : -magnitude) * 4;
}

function compressAlaw(value: number): number {
  const magnitude = (value < 0 ? ~value : value) >> 4;
  const segment = 32 - Math.clz32(magnitude >> 4);
  const step = segment === 0 ? magnitude : (magnitude >> (segment - 1)) & 0x0f;
  return ((segment << 4) | step | (value >= 0 ? 0x80 : 0)) ^ 0x55;
}

function expandAlaw(byte: number): number {
  const bits = byte ^ 0x55;
  const segment = (bits >> 4) & 0x07;
  const step = bits & 0x0f;
  const magnitude = segment === 0 ? (step << 1) + 1 : ((step << 1) + 33) << (segment - 1);
  return (bits & 0x80 ? magnitude : -magnitude) * 8;
}
