/**
 * `npm run bench:soak`: calls that come and go for two hours on a clock that runs as fast as the machine allows, and what is
 * left of them. Fails when memory grows for certain, or when a handle, a listener, a slot, a Redis key or a file is left.
 *
 * npm run bench:soak -- [--minutes 120] [--calls 6] [--samples 48] [--quick] [--out docs/results]
 * npm run bench:soak -- --real [--minutes 30] [--calls 20]          in real time, every process its own
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { soakInRealTime } from "./real.ts";
import { soakReport } from "./soak-report.ts";
import type { SoakResults } from "./soak-results.ts";
import { soakOnVirtualClock } from "./virtual.ts";

const root = join(import.meta.dirname, "..", "..");
const { values: options } = parseArgs({
  options: {
    real: { type: "boolean", default: false },
    minutes: { type: "string" },
    calls: { type: "string" },
    samples: { type: "string" },
    quick: { type: "boolean", default: false },
    out: { type: "string", default: join(root, "docs", "results") },
  },
});
const minutes = Number(options.minutes ?? (options.quick ? 3 : options.real ? 30 : 120));
const calls = Number(options.calls ?? (options.real ? 20 : 6));
const samples = Number(options.samples ?? (options.quick ? 9 : 48));
const startedAt = new Date().toISOString();

const soaked = await (options.real ? soakInRealTime : soakOnVirtualClock)({ minutes, calls, samples });
// In a few minutes everything still warms up; what was left behind says as much as ever.
if (options.quick) soaked.left = soaked.left.filter((what) => !what.endsWith("its memory grows"));
const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const results: SoakResults = {
  facts: {
    command: `npm run bench:soak -- ${process.argv.slice(2).join(" ")}`.trim(),
    commit: git("rev-parse", "--short", "HEAD"),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "?"}`,
    clock: options.real ? "real" : "virtual",
    startedAt,
    endedAt: new Date().toISOString(),
    minutes,
    calls,
  },
  ...soaked,
};
const report = soakReport(results);
mkdirSync(options.out, { recursive: true });
const name = options.real ? "soak-real" : "soak";
writeFileSync(join(options.out, `${name}.json`), `${JSON.stringify(results, null, 1)}\n`);
writeFileSync(join(options.out, `${name}.md`), report);
process.stdout.write(report);
if (results.left.length > 0) process.exitCode = 1;
