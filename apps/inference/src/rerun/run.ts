import type { Logger } from "@sidetone/platform";
import type { RerunCall, RerunOrder, RerunReport } from "@sidetone/protocol";
import { shardColumns } from "../shard/columns.ts";
import { Shard, type ShardEvent } from "../shard/shard.ts";
import { Lane } from "./lane.ts";
import { loadRerunModels, type RerunModels } from "./models.ts";
import { readTapedCall } from "./taped-call.ts";

/** How often a call says how far it is: every ten seconds of its own time. */
const REPORT_HOPS = 250;

export interface RerunParts {
  order: RerunOrder;
  /** Calls as they come; the next is asked for when a lane is free. */
  calls: AsyncIterator<RerunCall>;
  report: (report: RerunReport) => void;
  log: Logger;
}

/**
 * Runs calls again, `lanes` at a time, as fast as the machine steps them: their callers' recorded sound against the same
 * shard, model, dialogue and speech that live calls have. Every call goes its own way bit for bit, whoever runs beside it.
 */
export async function runAgain({ order, calls, report, log }: RerunParts): Promise<void> {
  const models = await loadRerunModels(order, log);
  try {
    report({ type: "ready", model: models.info.name, modelHash: models.info.version });
    await runLanes(models, { order, calls, report, log });
  } finally {
    await models.close();
  }
}

async function runLanes({ seats, prepare }: RerunModels, { order, calls, report }: RerunParts): Promise<void> {
  const columns = shardColumns(order.lanes);
  const shard = new Shard(columns, seats, { awaitSpeech: true, onFault: () => undefined });
  const lanes = new Set<Lane>();
  let number = 0;
  let more = true;

  const openNext = async (): Promise<void> => {
    const next = await calls.next();
    if (next.done) {
      more = false;
      return;
    }
    const { callId, tapePath, outPath } = next.value;
    try {
      const call = await readTapedCall(tapePath);
      const playbook = order.playbook ?? call.opened.playbook;
      await prepare(playbook);
      const info = seats.get(playbook.model)?.model.info;
      const lane = new Lane(number++, {
        callId,
        call,
        playbook: order.playbook,
        outPath,
        model: info?.name ?? "",
        modelHash: playbook.model === "line-test" ? "" : (info?.version ?? ""),
      });
      lanes.add(lane);
    } catch (error) {
      report({ type: "failed", callId, ...coded(error) });
    }
  };

  let opening: Promise<void> | undefined;
  for (;;) {
    if (more && !opening && lanes.size < order.lanes) {
      opening = openNext().finally(() => {
        opening = undefined;
      });
    }
    // Calls that run do not wait for one that is still on its way.
    if (lanes.size === 0 && !opening) break;
    if (lanes.size === 0) {
      await opening;
      continue;
    }
    const events: ShardEvent[] = [];
    const running = [...lanes];
    for (const [row, lane] of running.entries()) lane.give(columns, row, events);
    const outputs = new Map<number, string[]>();
    for (const { call, json } of await shard.tick(events, running.length)) {
      outputs.set(call, [...(outputs.get(call) ?? []), json]);
    }
    const closing: ShardEvent[] = [];
    for (const [row, lane] of running.entries()) {
      lane.take(columns, row, outputs.get(lane.number) ?? []);
      if (!lane.over) {
        if (columns.hop[row] !== undefined && columns.hop[row] % REPORT_HOPS === REPORT_HOPS - 1) {
          report({ type: "progress", callId: lane.callId, progress: lane.progress });
        }
        continue;
      }
      lanes.delete(lane);
      closing.push({ type: "close", call: lane.number });
      await settle(lane, report);
    }
    if (closing.length > 0) await shard.tick(closing, 0);
  }
}

async function settle(lane: Lane, report: RerunParts["report"]): Promise<void> {
  const { callId, fault } = lane;
  const result = await lane.finish();
  if (fault) report({ type: "failed", callId, code: fault.code, message: fault.detail ?? fault.message });
  else report({ type: "done", callId, result });
}

function coded(error: unknown): { code: string; message: string } {
  const code = error instanceof RangeError ? "RERUN_IMPOSSIBLE" : (error as { code?: unknown }).code;
  const message = error instanceof Error ? error.message : String(error);
  return { code: typeof code === "string" ? code : "INTERNAL", message };
}
