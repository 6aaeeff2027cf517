import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { createLog } from "./log.ts";

function capture(): { lines: Record<string, unknown>[]; destination: Writable } {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).trim().split("\n")) lines.push(JSON.parse(line));
      done();
    },
  });
  return { lines, destination };
}

test("lines are JSON with process, level name and call id", () => {
  const { lines, destination } = capture();
  createLog({ process: "bridge", destination }).child({ callId: "CA1" }).info({ hop: 7 }, "placed");
  assert.equal(lines[0]?.process, "bridge");
  assert.equal(lines[0]?.level, "info");
  assert.equal(lines[0]?.callId, "CA1");
  assert.equal(lines[0]?.hop, 7);
});

test("secrets and callers' words are redacted wherever they slip in", () => {
  const { lines, destination } = capture();
  const log = createLog({ process: "bridge", destination });
  log.info(
    {
      token: "t-1",
      config: { token: "t-2" },
      text: "my card is 4111",
      req: { headers: { authorization: "b", cookie: "c" } },
    },
    "x",
  );
  const line = JSON.stringify(lines[0]);
  for (const secret of ["t-1", "t-2", "4111"]) assert.ok(!line.includes(secret), secret);
});
