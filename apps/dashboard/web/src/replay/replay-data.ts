import { queryOptions } from "@tanstack/react-query";
import { ApiFault, api, ask } from "../api/client.ts";
import type { paths } from "../api/schema.generated.ts";
import { readColumns } from "./columns.ts";

type Get<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer T } } } };
}
  ? T
  : never;
export type Replay = Get<"/api/calls/{id}/replay">;
export type ReplayLine = Replay["lines"][number];
export type PastCall = Get<"/api/calls/{id}">;
export type CallComment = Get<"/api/calls/{id}/comments">["comments"][number];

const path = (id: string) => ({ params: { path: { id } } });

export const callQuery = (id: string) =>
  queryOptions({ queryKey: ["call", id], queryFn: () => ask(api.GET("/api/calls/{id}", path(id))) });

/** Which tape is replayed: a call's own, or that of its re-run. */
export interface TapeSource {
  callId: string;
  rerunId?: string;
}

/** The address that a tape's files lie under. */
export const filesOf = ({ callId, rerunId }: TapeSource): string =>
  rerunId === undefined
    ? `/api/calls/${encodeURIComponent(callId)}`
    : `/api/reruns/${encodeURIComponent(rerunId)}/calls/${encodeURIComponent(callId)}`;

export const replayQuery = (source: TapeSource) =>
  queryOptions({
    queryKey: ["replay", filesOf(source)],
    staleTime: 5 * 60_000,
    retry: false,
    queryFn: () => {
      const { callId, rerunId: id } = source;
      return id === undefined
        ? ask(api.GET("/api/calls/{id}/replay", path(callId)))
        : ask(api.GET("/api/reruns/{id}/calls/{callId}/replay", { params: { path: { id, callId } } }));
    },
  });

export const columnsQuery = (source: TapeSource) =>
  queryOptions({
    queryKey: ["columns", filesOf(source)],
    staleTime: 5 * 60_000,
    retry: false,
    queryFn: async () => {
      const response = await fetch(`${filesOf(source)}/replay/columns`);
      if (!response.ok) throw new ApiFault(response.status, await response.json());
      return readColumns(await response.arrayBuffer());
    },
  });

export const commentsQuery = (id: string) =>
  queryOptions({
    queryKey: ["comments", id],
    queryFn: () => ask(api.GET("/api/calls/{id}/comments", path(id))),
  });

/** One thing on the timeline that one can jump to. */
export interface Happening {
  atMs: number;
  kind: string;
  text: string;
  tone: "neutral" | "accent" | "good" | "warn" | "bad";
}

const BAD = new Set(["failed", "refused"]);
const ACTS = new Set(["take-over", "hand-back", "transfer", "whisper"]);

/** Everything that happened, in order: what `J` and `K` jump between. */
export function happeningsOf(replay: Replay): Happening[] {
  const all: Happening[] = replay.moments.map((each) => ({
    atMs: each.atMs,
    kind: each.kind,
    text: each.text,
    tone: BAD.has(each.kind) ? "bad" : ACTS.has(each.kind) ? "accent" : each.kind === "yield" ? "warn" : "neutral",
  }));
  for (const task of replay.tasks) {
    for (const step of task.steps) {
      all.push({
        atMs: step.atMs,
        kind: "task",
        text: `${task.kind} ${step.what}${step.detail ? `: ${step.detail}` : ""}`,
        tone: step.what === "found" ? "good" : /failed|timed-out|expired/.test(step.what) ? "bad" : "neutral",
      });
    }
  }
  for (const gap of replay.gaps)
    all.push({ atMs: gap.atMs, kind: "gap", text: `${Math.round(gap.lostMs)} ms ${gap.kind}`, tone: "warn" });
  for (const slot of replay.slots) {
    const confirmed = slot.confirmed ? ", confirmed" : "";
    all.push({ atMs: slot.atMs, kind: "understood", text: `${slot.slot}: ${slot.value}${confirmed}`, tone: "neutral" });
  }
  return all.sort((a, b) => a.atMs - b.atMs);
}
