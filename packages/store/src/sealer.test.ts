import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Sealer } from "./sealer.ts";

describe("a sealed secret", () => {
  const folder = mkdtempSync(join(tmpdir(), "sealer-"));
  after(() => rmSync(folder, { recursive: true }));
  const sealer = Sealer.open(folder);
  const sealed = sealer.seal("connector/a/TOKEN", "hunter2");

  it("comes back to whoever has the key", () =>
    assert.equal(Sealer.open(folder).unseal("connector/a/TOKEN", sealed), "hunter2"));
  it("does not hold its text", () =>
    assert.doesNotMatch(Buffer.from(sealed.slice(3), "base64url").toString(), /hunter/));
  it("is another text each time", () => assert.notEqual(sealer.seal("connector/a/TOKEN", "hunter2"), sealed));
  it("cannot be moved to another name", () => assert.throws(() => sealer.unseal("connector/b/TOKEN", sealed)));
  it("cannot be altered", () => {
    const bytes = Buffer.from(sealed.slice(3), "base64url");
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    assert.throws(() => sealer.unseal("connector/a/TOKEN", `v1.${bytes.toString("base64url")}`));
  });
  it("cannot be opened with another key", () =>
    assert.throws(() => new Sealer(Buffer.alloc(32)).unseal("connector/a/TOKEN", sealed)));
  it("has a key that only its owner reads", () =>
    assert.equal(statSync(join(folder, "secrets", "sealing-key")).mode & 0o077, 0));
  it("wants a whole key", () => assert.throws(() => Sealer.open(folder, "c2hvcnQ="), RangeError));
});
