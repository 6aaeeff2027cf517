import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeUlaw } from "./g711.ts";
import { LEVEL_FLOOR_DBFS, linearLevelDbfs, ulawLevelDbfs } from "./level.ts";

const sine = (amplitude: number): Int16Array =>
  Int16Array.from({ length: 8000 }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * 440 * i) / 8000)));

describe("level", () => {
  const table: [what: string, samples: Int16Array, dbfs: number][] = [
    ["silence", new Int16Array(320), LEVEL_FLOOR_DBFS],
    ["nothing", new Int16Array(0), LEVEL_FLOOR_DBFS],
    ["a square wave of half scale", new Int16Array(320).fill(16384), -6.02],
    ["a sine of full scale", sine(32767), -3.01],
    ["a sine 40 dB below", sine(327.67), -43.01],
  ];
  for (const [what, samples, dbfs] of table) {
    it(`of ${what} is ${dbfs} dBFS, also through mu-law`, () => {
      const bytes = new Uint8Array(samples.length);
      encodeUlaw(samples, bytes);
      assert.ok(Math.abs(linearLevelDbfs(samples) - dbfs) < 0.05, `${linearLevelDbfs(samples)}`);
      assert.ok(Math.abs(ulawLevelDbfs(bytes) - dbfs) < 0.2, `${ulawLevelDbfs(bytes)}`);
    });
  }

  it("measures only the given stretch", () => {
    const samples = new Int16Array(320);
    samples.fill(16384, 100, 200);
    assert.ok(Math.abs(linearLevelDbfs(samples, 100, 100) + 6.02) < 0.05);
    assert.equal(linearLevelDbfs(samples, 200, 120), LEVEL_FLOOR_DBFS);
  });
});
