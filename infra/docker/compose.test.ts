import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..", "..");
const compose = parse(readFileSync(join(root, "docker-compose.yml"), "utf8"), { merge: true });
const dockerfile = readFileSync(join(root, "infra/docker/Dockerfile"), "utf8");

/** Compose v2 is a plugin of `docker`, Debian 12's is a program of its own; either validates without an engine. */
function composeCommand(): string[] | undefined {
  for (const command of [["docker", "compose"], ["docker-compose"]]) {
    const [program = "", ...args] = command;
    if (spawnSync(program, [...args, "version"]).status === 0) return command;
  }
  return undefined;
}

const command = composeCommand();
test("compose accepts the file", { skip: command ? false : "no docker compose on this machine" }, () => {
  const [program = "", ...args] = command ?? [];
  const done = spawnSync(program, [...args, "-f", join(root, "docker-compose.yml"), "config", "-q"], {
    encoding: "utf8",
  });
  assert.equal(done.status, 0, done.stderr);
});

for (const name of ["bridge", "inference", "worker", "dashboard"]) {
  test(`image ${name} is a target that runs as nobody special, with a health check and an entry that exists`, () => {
    assert.equal(compose.services[name].build.target, name);
    const stage = dockerfile.split(/^FROM /m).find((part) => part.startsWith(`runtime AS ${name}\n`));
    assert.ok(stage, `no stage ${name}`);
    assert.match(stage, /HEALTHCHECK/);
    assert.ok(stage.lastIndexOf("USER root") <= stage.lastIndexOf("USER node"), "stays root");
    const entry = /CMD \["node", "([^"]+)"\]\s*$/m.exec(stage)?.[1];
    assert.ok(entry && existsSync(join(root, entry)), `entry ${entry}`);
  });
}
