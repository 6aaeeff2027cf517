import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of one process and the processes it has started. */
export interface Usage {
  atMs: number;
  cpuMs: number;
  rssBytes: number;
  /** Through read and write calls: files and sockets together. */
  readBytes: number;
  writtenBytes: number;
  threads: number;
  openFiles: number;
}

const TICKS_PER_S = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
const FIELD = { utime: 11, stime: 12 } as const;

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // A process that has just ended is no error.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
};

const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);

/** A process and its children from /proc, added up. */
export function usageOf(pid: number): Usage {
  const total = {
    atMs: performance.now(),
    cpuMs: 0,
    rssBytes: 0,
    readBytes: 0,
    writtenBytes: 0,
    threads: 0,
    openFiles: 0,
  };
  for (const one of withChildren(pid)) {
    const stat = read(`/proc/${one}/stat`);
    const status = read(`/proc/${one}/status`);
    const io = read(`/proc/${one}/io`);
    if (stat === undefined || status === undefined || io === undefined) continue;
    // The name, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[FIELD.utime]) + Number(fields[FIELD.stime]);
    total.cpuMs += (ticks * 1_000) / TICKS_PER_S;
    total.rssBytes += number(status, /^VmRSS:\s+(\d+)/m) * 1_024;
    total.threads += number(status, /^Threads:\s+(\d+)/m);
    total.readBytes += number(io, /^rchar: (\d+)/m);
    total.writtenBytes += number(io, /^wchar: (\d+)/m);
    total.openFiles += readdirSync(`/proc/${one}/fd`).length;
  }
  return total;
}

function withChildren(pid: number): number[] {
  const children = (read(`/proc/${pid}/task/${pid}/children`) ?? "").split(" ").filter((child) => child.trim() !== "");
  return [pid, ...children.flatMap((child) => withChildren(Number(child)))];
}
