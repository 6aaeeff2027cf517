/** ITU-T G.711 mu-law, as the carrier sends it. Samples are -1..1 on this side. */
export function encodeMuLaw(sample: number): number {
  let linear = Math.max(-32_635, Math.min(32_635, Math.round(sample * 32_768)));
  const sign = linear < 0 ? 0x80 : 0;
  if (linear < 0) linear = -linear;
  linear += 132;
  const exponent = 31 - Math.clz32(linear >> 7);
  return ~(sign | (exponent << 4) | ((linear >> (exponent + 3)) & 15)) & 0xff;
}

export function decodeMuLaw(code: number): number {
  const inverted = ~code & 0xff;
  const magnitude = ((((inverted & 15) << 3) + 0x84) << ((inverted >> 4) & 7)) - 0x84;
  return (inverted & 0x80 ? -magnitude : magnitude) / 32_768;
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
