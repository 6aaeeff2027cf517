import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@sidetone/platform";
import type { PlaybookOfCall, TapeHeader } from "@sidetone/protocol";
import { appendEnd, LIVE_SUFFIX, TapeError, TapeReader } from "@sidetone/store";

/** Another bridge's tape that nobody has written to for so long belongs to nobody. */
const ABANDONED_MS = 120_000;
const MS_PER_HOP = 40;

/** What a tape says of its call. */
export interface OrphanCall {
  callId: string;
  from: string;
  to: string;
  playbook: PlaybookOfCall;
  durationMs: number;
  tapePath: string;
}

export interface OrphanTapesOptions {
  folder: string;
  bridgeId: string;
  wallMs: () => number;
  log: Logger;
  /** Calls that run now. */
  isLive: (callId: string) => boolean;
  finish: (livePath: string) => Promise<string>;
  /** The tape is closed and in its place: its call gets its end and its after-call work. */
  found: (call: OrphanCall) => void;
}

/** Why a call ended whose bridge was killed. */
export const ORPHAN_REASON = "bridge-lost";

/** Tapes of calls whose bridge was killed: closed where they end, and given to the after-call work. */
export async function closeOrphanTapes(options: OrphanTapesOptions): Promise<number> {
  let closed = 0;
  const names = await readdir(options.folder, { recursive: true }).catch(() => []);
  for (const name of names) {
    if (!name.endsWith(LIVE_SUFFIX)) continue;
    const path = join(options.folder, name);
    try {
      if (await closeOrphan(path, options)) closed++;
    } catch (error) {
      options.log.error({ err: error, path }, "a tape left behind cannot be closed");
    }
  }
  return closed;
}

async function closeOrphan(path: string, options: OrphanTapesOptions): Promise<boolean> {
  const idleMs = options.wallMs() - (await stat(path)).mtimeMs;
  const tape = await openTape(path);
  // Killed before the header was written: there is nothing in it, and nothing will come.
  if (!tape || options.isLive(tape.header.callId)) return false;
  if (tape.header.bridgeId !== options.bridgeId && idleMs < ABANDONED_MS) return false;
  const read = await readThrough(tape);
  if (!read.ended) await appendEnd(path, read.nextHop, ORPHAN_REASON);
  const tapePath = await options.finish(path);
  options.log.warn({ callId: tape.header.callId, tapePath }, "a tape left behind was closed");
  options.found({ ...callOf(tape.header), ...read.opened, durationMs: read.nextHop * MS_PER_HOP, tapePath });
  return true;
}

const callOf = (header: TapeHeader) => ({
  callId: header.callId,
  from: "",
  to: "",
  playbook: { id: "", version: 0, model: "line-test" as const, document: {} },
});

async function openTape(path: string): Promise<TapeReader | undefined> {
  try {
    return await TapeReader.open(path);
  } catch (error) {
    if (error instanceof TapeError && error.code === "TAPE_INVALID") return undefined;
    throw error;
  }
}

async function readThrough(tape: TapeReader) {
  let nextHop = 0;
  let ended = false;
  let opened: Pick<OrphanCall, "from" | "to" | "playbook"> | undefined;
  for await (const record of tape.records()) {
    if (record.kind === "micro-turn") nextHop = record.turn.firstHop + record.turn.hops;
    if (record.kind !== "note") continue;
    const { note } = record;
    if (note.type === "end") ended = true;
    if (note.type === "in" && note.input.type === "opened") {
      const { from, to, playbook } = note.input;
      opened ??= { from, to, playbook };
    }
  }
  return { nextHop, ended, opened };
}
