import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const check = (env: Record<string, string>) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "config-check.ts")], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, ...env },
  });

test("an empty environment is valid for every process", () => {
  const { status, stdout } = check({});
  assert.equal(status, 0, stdout);
  for (const name of ["supervisor", "bridge", "inference", "worker", "dashboard"])
    assert.match(stdout, new RegExp(`^${name}: ok$`, "m"));
});

const faults: { env: Record<string, string>; named: string; told: RegExp }[] = [
  { env: { PORT: "99999" }, named: "PORT", told: /is "99999"/ },
  { env: { PODS: "somewhere" }, named: "PODS", told: /host:port/ },
  { env: { TWILIO_ACCOUNT_SID: "me" }, named: "TWILIO_ACCOUNT_SID", told: /AC and 32 hexadecimal digits/ },
  { env: { STORAGE_URL: "ftp://x" }, named: "STORAGE_URL", told: /s3:/ },
  { env: { REDIS_URL: "localhost" }, named: "REDIS_URL", told: /redis:\/\// },
  { env: { DATABASE_URL: "mysql://x" }, named: "DATABASE_URL", told: /postgres/ },
];
for (const { env, named, told } of faults) {
  test(`${named} is named with its fault and a remedy`, () => {
    const { status, stdout } = check(env);
    assert.equal(status, 1);
    assert.match(stdout, new RegExp(`: ${named} `));
    assert.match(stdout, told);
  });
}

test("a secret's value is never shown", () => {
  const { stdout } = check({ TWILIO_AUTH_TOKEN: "s3cret" });
  assert.match(stdout, /TWILIO_AUTH_TOKEN has a value that does not fit/);
  assert.doesNotMatch(stdout, /s3cret/);
});
