// `npm start` as its user meets it: everything comes up, a call is answered, what dies comes back, Ctrl-C ends it all.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readWav } from "@sidetone/audio";
import { realClock } from "@sidetone/platform";
import { freePort } from "./data-folder.ts";
import { allAnswer } from "./readiness.ts";

const root = join(import.meta.dirname, "..", "..");
const dataDir = mkdtempSync(join(tmpdir(), "sidetone-start-"));
const env: Record<string, string> = {};
let supervisor: ChildProcess;
let output = "";
let exited: Promise<number | null>;

interface RunFile {
  bridgeUrl: string;
  dashboardUrl: string;
  pids: Record<string, number>;
}
const runFile = (): RunFile => JSON.parse(readFileSync(join(dataDir, "run.json"), "utf8"));

before(async () => {
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(TWILIO|REDIS|PUBLIC_URL|PODS|NODE_TEST)/.test(name)) env[name] = value;
  }
  Object.assign(env, { DATA_DIR: dataDir });
  for (const name of ["PORT", "DASHBOARD_PORT", "POD_PORT", "POD_HTTP_PORT", "WORKER_PORT"])
    env[name] = String(await freePort());
  supervisor = spawn(process.execPath, [join(root, "infra/supervisor/main.ts")], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  exited = new Promise((resolve) => supervisor.on("exit", resolve));
  await new Promise<void>((resolve, reject) => {
    const collect = (chunk: Buffer) => {
      output += chunk;
      if (output.includes("Sidetone is listening")) resolve();
    };
    supervisor.stdout?.on("data", collect);
    supervisor.stderr?.on("data", collect);
    supervisor.on("exit", (code) => reject(new Error(`left with ${code}:\n${output}`)));
  });
});
after(() => {
  supervisor.kill("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

test("it says where to go, and keeps what is secret to its owner", () => {
  const { bridgeUrl, dashboardUrl } = runFile();
  assert.ok(output.includes(bridgeUrl) && output.includes(dashboardUrl));
  for (const file of ["run.json", "carrier.json"]) assert.equal(statSync(join(dataDir, file)).mode & 0o077, 0, file);
});

test("every part answers", async () => {
  const { bridgeUrl, dashboardUrl } = runFile();
  const health = (await (await fetch(`${bridgeUrl}/health`)).json()) as { status: string };
  assert.equal(health.status, "ok", JSON.stringify(health));
  assert.equal((await fetch(dashboardUrl)).status, 200);
});

test("a call is answered: the caller hears speech", () => {
  const heard = join(dataDir, "heard.wav");
  const called = spawnSync(
    process.execPath,
    ["packages/testkit/src/call-cli.ts", "--say", "where is my order four seven two nine one", "--out", heard],
    { cwd: root, env, encoding: "utf8", timeout: 120_000 },
  );
  assert.equal(called.status, 0, called.stdout + called.stderr);
  const wav = readWav(readFileSync(heard));
  const ear = wav.channels[1];
  assert.ok(ear, "stereo: caller left, agent right");
  let loud = 0;
  for (const sample of ear) if (Math.abs(sample) > 1_000) loud++;
  assert.ok(loud > 4_000, `the agent was silent: ${loud} loud samples of ${ear.length}`);
});

test("what dies comes back", async () => {
  const before = runFile().pids.inference;
  assert.ok(before);
  process.kill(before, "SIGKILL");
  const health = `http://127.0.0.1:${env.POD_HTTP_PORT}/health`;
  await new Promise<void>((resolve) => {
    const stop = realClock.every(20, () => {
      fetch(health).then(undefined, () => {
        stop();
        resolve();
      });
    });
  });
  assert.deepEqual(await allAnswer([health], 60_000, realClock), []);
});

test("Ctrl-C ends everything and leaves no process behind", async () => {
  const { pids } = runFile();
  supervisor.kill("SIGINT");
  assert.equal(await exited, 0, output.slice(-4_000));
  for (const [name, pid] of Object.entries(pids)) assert.throws(() => process.kill(pid, 0), `${name} still runs`);
  assert.ok(!existsSync(join(dataDir, "run.json")));
});
