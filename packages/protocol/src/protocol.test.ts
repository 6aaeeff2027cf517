import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  BridgeMessage,
  CarrierMessage,
  DECISIONS,
  OVERLAP_KINDS,
  podPackageDefinition,
  SCORES,
  SCORES_PER_HOP,
  TASKS,
  taskJobId,
} from "./index.ts";

const src = import.meta.dirname;
const root = join(src, "..", "..", "..");

test("the generated types are those of pod.proto as it is now", () => {
  const out = mkdtempSync(join(tmpdir(), "protocol-"));
  try {
    const scripts = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
    const command = String(scripts["protocol:generate"]).replace("packages/protocol/src/generated", out);
    const done = spawnSync(join(root, "node_modules/.bin", command), { shell: true, cwd: root, encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    const files = globSync("**/*.ts", { cwd: out }).sort();
    assert.deepEqual(files, globSync("**/*.ts", { cwd: join(src, "generated") }).sort());
    for (const file of files) {
      const text = (path: string) => readFileSync(path, "utf8").replace(/^\/\/ Original file:.*$/m, "");
      assert.equal(text(join(src, "generated", file)), text(join(out, file)), `${file}: run npm run protocol:generate`);
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});

test("the pod's service is the one the proto describes", () => {
  assert.ok("sidetone.pod.v1.Pod" in podPackageDefinition);
});

test("scores lie side by side without gap or overlap", () => {
  assert.equal(SCORES.overlapOffset - SCORES.decisionOffset, DECISIONS.length);
  assert.equal(SCORES.callerProjectionOffset - SCORES.overlapOffset, OVERLAP_KINDS.length);
  assert.equal(
    SCORES_PER_HOP - SCORES.agentProjectionOffset,
    SCORES.agentProjectionOffset - SCORES.callerProjectionOffset,
  );
});

const media = {
  event: "media",
  sequenceNumber: "3",
  streamSid: "MZ1",
  media: { track: "inbound", chunk: "1", timestamp: "5", payload: "/////w==" },
};
const carrierCases: { name: string; message: unknown; ok: boolean }[] = [
  { name: "media as documented", message: media, ok: true },
  { name: "media with a numeric sequence number", message: { ...media, sequenceNumber: 3 }, ok: false },
  {
    name: "media whose payload is not base64",
    message: { ...media, media: { ...media.media, payload: "%%" } },
    ok: false,
  },
  { name: "an event nobody documented", message: { event: "video" }, ok: false },
  {
    name: "dtmf of an impossible key",
    message: { event: "dtmf", sequenceNumber: "4", streamSid: "MZ1", dtmf: { track: "inbound_track", digit: "E" } },
    ok: false,
  },
];
for (const { name, message, ok } of carrierCases) {
  test(`carrier message: ${name} is ${ok ? "taken" : "refused"}`, () => {
    assert.equal(CarrierMessage.safeParse(message).success, ok);
  });
}

test("what we send to the carrier has the documented fields and no other", () => {
  const clear = { event: "clear", streamSid: "MZ1" };
  assert.ok(BridgeMessage.safeParse(clear).success);
  assert.ok(!BridgeMessage.safeParse({ ...clear, reason: "yield" }).success);
  assert.ok(!BridgeMessage.safeParse({ event: "media", streamSid: "MZ1", media: { payload: "", track: "x" } }).success);
});

test("every task that changes the world may be retried, and says what the agent may say meanwhile", () => {
  for (const [kind, spec] of Object.entries(TASKS)) {
    assert.ok(spec.meanwhile.length > 0 && !spec.meanwhile.endsWith("."), kind);
    assert.ok(spec.timeoutMs > 0 && spec.attempts >= 1, kind);
    if (spec.costClass === "write") assert.ok(spec.sideEffect, kind);
  }
});

test("the same delegation twice is the same job; a corrected one is another", () => {
  assert.equal(taskJobId("t1", 0), taskJobId("t1", 0));
  assert.notEqual(taskJobId("t1", 0), taskJobId("t1", 1));
});
