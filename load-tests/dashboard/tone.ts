import { encodeUlaw, ULAW_SILENCE, writeWav } from "@sidetone/audio";

export const LINE_HZ = 8_000;

/** A tone as 16-bit samples, faded at its ends so that it does not click. */
export function tone(hz: number, ms: number, level = 0.3): Int16Array {
  const count = (ms * LINE_HZ) / 1_000;
  return Int16Array.from({ length: count }, (_, i) => {
    const fade = Math.min(1, i / 80, (count - i) / 80);
    return fade * level * 32_767 * Math.sin((2 * Math.PI * hz * i) / LINE_HZ);
  });
}

export function toneUlaw(hz: number, ms: number): Uint8Array {
  const samples = tone(hz, ms);
  const bytes = new Uint8Array(samples.length).fill(ULAW_SILENCE);
  encodeUlaw(samples, bytes);
  return bytes;
}

/** A WAV for a fake microphone: pieces of 8 kHz sound with silence of so many ms between them. */
export function microphoneWav(pieces: readonly (Int16Array | number)[]): Uint8Array {
  const parts = pieces.map((piece) => (typeof piece === "number" ? new Int16Array((piece * LINE_HZ) / 1_000) : piece));
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return writeWav({ sampleRateHz: LINE_HZ, channels: [samples] });
}
