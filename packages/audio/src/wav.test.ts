import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AudioError, type AudioErrorCode } from "./errors.ts";
import { ULAW_TO_LINEAR } from "./g711.ts";
import { readWav, writeUlawWav, writeWav } from "./wav.ts";

const ascii = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));
const u16 = (value: number): number[] => [value & 255, value >> 8];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
const chunk = (name: string, body: number[], stated = body.length): number[] => [
  ...ascii(name),
  ...u32(stated),
  ...body,
  ...(body.length & 1 ? [0] : []),
];
const format = (code: number, channels: number, bits: number, rateHz = 8000): number[] =>
  chunk("fmt ", [...u16(code), ...u16(channels), ...u32(rateHz), ...u32(0), ...u16(0), ...u16(bits)]);
const wav = (...chunks: number[][]): Uint8Array =>
  Uint8Array.from([...ascii("RIFF"), ...u32(4 + chunks.flat().length), ...ascii("WAVE"), ...chunks.flat()]);

describe("WAV", () => {
  it("reads back what it wrote, mono and stereo", () => {
    const samples = fc.array(
      fc.tuple(fc.integer({ min: -32768, max: 32767 }), fc.integer({ min: -32768, max: 32767 })),
    );
    fc.assert(
      fc.property(samples, fc.constantFrom(8000, 16000, 24000, 48000), fc.boolean(), (pairs, sampleRateHz, stereo) => {
        const left = Int16Array.from(pairs, ([value]) => value);
        const right = Int16Array.from(pairs, ([, value]) => value);
        const channels = stereo ? [left, right] : [left];
        assert.deepEqual(readWav(writeWav({ sampleRateHz, channels })), { sampleRateHz, channels });
      }),
    );
  });

  it("writes mu-law bytes as they are, padded to an even length", () => {
    const file = writeUlawWav(8000, [Uint8Array.of(0, 0x80, 0xff)]);
    assert.equal(file.length, 48);
    const expected = [0, 0x80, 0xff].map((byte) => ULAW_TO_LINEAR[byte]!);
    assert.deepEqual(readWav(file), { sampleRateHz: 8000, channels: [Int16Array.from(expected)] });
  });

  const tolerated: [what: string, file: Uint8Array, samples: number[][]][] = [
    ["other chunks, odd ones padded", wav(chunk("LIST", [1, 2, 3]), format(1, 1, 16), chunk("data", [1, 2])), [[513]]],
    ["a length that is not known yet", wav(format(1, 1, 16), chunk("data", [1, 2, 3, 4], 0xffffffff)), [[513, 1027]]],
    ["a length of 0 from a stream", wav(format(1, 1, 16), chunk("data", [1, 2], 0)), [[513]]],
    ["a torn tail", wav(format(1, 1, 16), chunk("data", [1, 2, 3, 0], 400)), [[513, 3]]],
    ["8 bits", wav(format(1, 1, 8), chunk("data", [0, 128, 255])), [[-32768, 0, 32512]]],
    ["24 bits, stereo", wav(format(1, 2, 24), chunk("data", [9, 1, 2, 9, 255, 255])), [[513], [-1]]],
    ["32 bits", wav(format(1, 1, 32), chunk("data", [9, 9, 1, 2])), [[513]]],
    ["float", wav(format(3, 1, 32), chunk("data", [0, 0, 0, 0x3f, 0, 0, 0, 0xc0])), [[16384, -32768]]],
    ["A-law", wav(format(6, 1, 8), chunk("data", [0xd5, 0x55])), [[8, -8]]],
  ];
  for (const [what, file, samples] of tolerated) {
    it(`reads ${what}`, () => {
      assert.deepEqual(
        readWav(file).channels.map((channel) => Array.from(channel)),
        samples,
      );
    });
  }

  it("reads a view into a larger buffer", () => {
    const file = writeWav({ sampleRateHz: 8000, channels: [Int16Array.of(5, -5)] });
    const larger = new Uint8Array(file.length + 13);
    larger.set(file, 7);
    assert.deepEqual(readWav(larger.subarray(7, 7 + file.length)).channels[0], Int16Array.of(5, -5));
  });

  const refused: [code: AudioErrorCode, file: Uint8Array][] = [
    ["AUDIO_WAV_NOT_RIFF", new Uint8Array(0)],
    ["AUDIO_WAV_NOT_RIFF", Uint8Array.from(ascii("OggS............"))],
    ["AUDIO_WAV_NO_DATA", wav(format(1, 1, 16))],
    ["AUDIO_WAV_NO_FORMAT", wav(chunk("data", [1, 2]))],
    ["AUDIO_WAV_NO_FORMAT", wav(chunk("fmt ", [1, 0]), chunk("data", [1, 2]))],
    ["AUDIO_WAV_UNSUPPORTED", wav(format(2, 1, 4), chunk("data", [1, 2]))],
    ["AUDIO_WAV_UNSUPPORTED", wav(format(1, 1, 16, 0), chunk("data", [1, 2]))],
    ["AUDIO_WAV_CHANNELS", wav(format(1, 6, 16), chunk("data", [1, 2]))],
  ];
  for (const [code, file] of refused) {
    it(`refuses with ${code}`, () => {
      assert.throws(
        () => readWav(file),
        (error) => error instanceof AudioError && error.code === code && error.remedy.length > 0,
      );
    });
  }

  it("refuses to write channels of different lengths", () => {
    assert.throws(() => writeWav({ sampleRateHz: 8000, channels: [new Int16Array(1), new Int16Array(2)] }), {
      code: "AUDIO_WAV_CHANNELS",
    });
  });

  it("never throws anything but coded errors at garbage", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, headed) => {
        const file = headed ? wav(format(1, 1, 16), Array.from(bytes)) : bytes;
        try {
          readWav(file);
        } catch (error) {
          assert.ok(error instanceof AudioError, String(error));
        }
      }),
    );
  });
});
