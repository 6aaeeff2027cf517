// Without a Docker engine, an image is checked by what it is made of: the files its Dockerfile copies, its own
// production install in a clean folder, and its entry command answering its health check.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { realClock } from "@sidetone/platform";
import { freePort } from "../supervisor/data-folder.ts";
import { allAnswer } from "../supervisor/readiness.ts";

const root = join(import.meta.dirname, "..", "..");
const READY_WITHIN_MS = 60_000;
const clean = mkdtempSync(join(tmpdir(), "sidetone-image-"));
const AUTH_TOKEN = "0123456789abcdef0123456789abcdef";
let redisPort = 0;
let stopRedis = () => {
  // Replaced when Redis runs.
};

before(async () => {
  redisPort = await freePort();
  const redis = spawn("redis-server", ["--port", String(redisPort), "--save", "", "--appendonly", "no"], {
    stdio: "ignore",
  });
  stopRedis = () => redis.kill("SIGKILL");
});
after(() => {
  stopRedis();
  rmSync(clean, { recursive: true, force: true });
});

/** The dashboard's image has the pod's program, too, which runs calls again. */
const appsOf = (app: string): string[] => (app === "dashboard" ? [app, "inference"] : [app]);

/** What the `sources` stage of the Dockerfile and the app's own stage copy. */
function copyImage(app: string): string {
  const folder = join(clean, app);
  const isSource = (path: string) => !/\/(node_modules|dist|training|\.data)(\/|$)/.test(path.slice(root.length));
  const apps = appsOf(app).map((name) => `apps/${name}`);
  for (const path of ["package.json", "package-lock.json", ".npmrc", "packages", ...apps]) {
    cpSync(join(root, path), join(folder, path), { recursive: true, filter: isSource });
  }
  for (const other of ["apps/bridge", "apps/inference", "apps/worker", "apps/dashboard", "load-tests"]) {
    cpSync(join(root, other, "package.json"), join(folder, other, "package.json"));
  }
  return folder;
}

const IMAGES: { app: string; env: (port: number) => Record<string, string>; healthPath: string }[] = [
  { app: "inference", env: (port) => ({ POD_PORT: "0", POD_HTTP_PORT: String(port) }), healthPath: "/health" },
  { app: "worker", env: (port) => ({ WORKER_PORT: String(port) }), healthPath: "/health" },
  { app: "bridge", env: (port) => ({ PORT: String(port), PODS: "127.0.0.1:1" }), healthPath: "/metrics" },
  { app: "dashboard", env: (port) => ({ DASHBOARD_PORT: String(port) }), healthPath: "/health" },
];

for (const { app, env, healthPath } of IMAGES) {
  test(`image ${app} starts from its own production install`, async () => {
    const folder = copyImage(app);
    const install = spawnSync(
      "npm",
      [
        "install",
        "--no-save",
        "--omit=dev",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        ...appsOf(app).flatMap((name) => ["-w", `apps/${name}`]),
      ],
      {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
      },
    );
    assert.equal(install.status, 0, install.stderr);
    if (appsOf(app).includes("inference")) {
      // All of its packages are there when it gets as far as asking for its order.
      const rerun = spawnSync(process.execPath, ["apps/inference/src/rerun/main.ts"], {
        cwd: folder,
        encoding: "utf8",
      });
      assert.match(rerun.stderr, /Usage: node main\.ts ORDER\.json/);
    }
    const port = await freePort();
    const child = spawn(process.execPath, [`apps/${app}/src/main.ts`], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        DATA_DIR: join(folder, ".data"),
        REDIS_URL: `redis://127.0.0.1:${redisPort}`,
        TWILIO_ACCOUNT_SID: `AC${AUTH_TOKEN}`,
        TWILIO_AUTH_TOKEN: AUTH_TOKEN,
        ...env(port),
      },
    });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
    try {
      const missing = await allAnswer([`http://127.0.0.1:${port}${healthPath}`], READY_WITHIN_MS, realClock);
      assert.deepEqual(missing, [], output);
      child.kill("SIGTERM");
      assert.equal(await exited, 0, output);
    } finally {
      child.kill("SIGKILL");
    }
  });
}
