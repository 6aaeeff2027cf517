import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { COLUMNS, COLUMNS_HEAD_BYTES } from "../../../server/replay/columns-format.ts";
import { levelFor, quietUntilMs, readColumns } from "./columns.ts";

/** A file of columns in which only some values are set. */
function file(hops: number, set: Partial<Record<string, Record<number, number>>>): ArrayBuffer {
  const bytes = Buffer.alloc(COLUMNS_HEAD_BYTES + COLUMNS.reduce((sum, column) => sum + hops * column.perHop, 0));
  bytes.write("SDTC", 0, "latin1");
  bytes.writeUInt8(1, 4);
  bytes.writeUInt32LE(hops, 8);
  let at = COLUMNS_HEAD_BYTES;
  for (const column of COLUMNS) {
    for (const [index, value] of Object.entries(set[column.name] ?? {})) bytes[at + Number(index)] = value & 0xff;
    at += hops * column.perHop;
  }
  return new Uint8Array(bytes).buffer;
}

describe("a call's columns", () => {
  it("keep a single peak, a yield and whoever talked at every coarseness", () => {
    const columns = readColumns(
      file(5_000, {
        callerMax: { 7777: 100 },
        agentMin: { 3: -90 },
        decision: { 4321: 5, 4322: 255 },
        floor: { 9: 1, 10: 2 },
      }),
    );
    for (const valuesPerPx of [1, 4, 30, 300, 5_000]) {
      const { level, factor } = levelFor(columns, valuesPerPx);
      assert.ok(factor <= Math.max(1, valuesPerPx));
      assert.equal(level.callerMax[Math.floor(7_777 / factor)], 100);
      assert.equal(level.agentMin[Math.floor(3 / factor)], -90);
      assert.equal(level.decision[Math.floor(4_321 / factor)], 5);
      const talked = (level.floor[Math.floor(9 / factor)] ?? 0) | (level.floor[Math.floor(10 / factor)] ?? 0);
      assert.equal(talked, 3);
    }
  });

  it("tell how long a silence lasts", () => {
    const columns = readColumns(file(100, { floor: { 5: 1, 60: 2 } }));
    assert.equal(quietUntilMs(columns, 6 * 40, 1_000), 60 * 40);
    assert.equal(quietUntilMs(columns, 5 * 40, 1_000), undefined);
    assert.equal(quietUntilMs(columns, 50 * 40, 1_000), undefined);
  });

  it("of another version are refused", () => {
    assert.throws(() => readColumns(new ArrayBuffer(64)), /version/);
  });
});
