import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A program, the Debian package it comes in, and what it is for. */
const REDIS = { program: "redis-server", debian: "redis-server", why: "queues and call events" };
const FLITE = { program: "flite", debian: "flite", why: "the agent's voice" };
const ESPEAK = { program: "espeak-ng", debian: "espeak-ng", why: "the fallback voice and sample callers" };
const CHROMIUM = { program: "chromium", debian: "chromium", why: "browser tests" };
const POSTGRES = { program: "/usr/lib/postgresql/15/bin/postgres", debian: "postgresql", why: "store tests" };

/** What each program of ours needs on the machine; everything else runs on npm packages alone. */
const NEEDS = {
  "infra/supervisor/main.ts": [process.env.REDIS_URL ? undefined : REDIS, FLITE, ESPEAK],
  "infra/test/main.ts": [REDIS, FLITE, ESPEAK, CHROMIUM, POSTGRES],
  "packages/testkit/src/call-cli.ts": [ESPEAK, FLITE],
  "load-tests/main.ts": [REDIS, FLITE, ESPEAK],
  "load-tests/bridge/main.ts": [REDIS, FLITE, ESPEAK],
  "load-tests/background/main.ts": [REDIS],
  "load-tests/talk/main.ts": [REDIS, FLITE, ESPEAK],
  "load-tests/interaction/main.ts": [REDIS, FLITE, ESPEAK],
};

function isInstalled(program) {
  if (program.startsWith("/")) return existsSync(program);
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function apt(args) {
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const [command, ...rest] = [...asRoot, "apt-get", ...args];
  return spawnSync(command, rest, {
    stdio: ["ignore", "ignore", 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  }).status;
}

/**
 * Installs what the program needs and the machine lacks, by apt-get where it may.
 * @throws one line that says what to install, where it may not.
 */
export async function installSystemPackages(file) {
  const missing = (NEEDS[file] ?? []).filter((need) => need && !isInstalled(need.program));
  if (missing.length === 0) return;
  const names = missing.map((need) => need.debian);
  const why = missing.map((need) => `${need.debian} (${need.why})`).join(", ");
  const mayInstall = isInstalled("apt-get") && (process.getuid?.() === 0 || isInstalled("sudo"));
  if (mayInstall) {
    process.stderr.write(`set-up: installing ${why}, once\n`);
    const install = ["install", "-y", "--no-install-recommends", ...names];
    if (apt(install) === 0) return;
    if (apt(["update"]) === 0 && apt(install) === 0) return;
  }
  throw new Error(`please install ${why}: apt-get install ${names.join(" ")}`);
}
