import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";
import { Shutdown } from "./shutdown.ts";

test("steps run once, in order, and a failing one does not stop the rest", async () => {
  const seen: string[] = [];
  const shutdown = new Shutdown(createLog({ process: "test", level: "silent" }), () => seen.push("exit"));
  shutdown.add("first", async () => {
    await Promise.resolve();
    seen.push("first");
  });
  shutdown.add("broken", () => {
    throw new Error("no");
  });
  shutdown.add("last", () => {
    seen.push("last");
  });
  assert.equal(shutdown.draining, false);
  const one = shutdown.run("test");
  assert.equal(shutdown.draining, true);
  await Promise.all([one, shutdown.run("again")]);
  assert.deepEqual(seen, ["first", "last"]);
});
