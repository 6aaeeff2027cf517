// A process that runs calls again: `node main.ts ORDER.json`, calls as JSON lines on the input, reports on the output.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createLog } from "@sidetone/platform";
import { RerunCall, RerunOrder, type RerunReport } from "@sidetone/protocol";
import { runAgain } from "./run.ts";

const [path] = process.argv.slice(2);
if (path === undefined) throw new TypeError("Usage: node main.ts ORDER.json");
const order = RerunOrder.parse(JSON.parse(readFileSync(path, "utf8")));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const calls: AsyncIterator<RerunCall> = {
  async next() {
    const line = await lines.next();
    if (line.done) return { done: true, value: undefined };
    return { done: false, value: RerunCall.parse(JSON.parse(line.value)) };
  },
};
const report = (line: RerunReport): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
// The log goes where it does not mix with the reports.
const log = createLog({ process: "re-run", level: "silent" });
await runAgain({ order, calls, report, log });
