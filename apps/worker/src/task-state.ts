import {
  BRIDGE_INBOX_MAX_LENGTH,
  type BridgeCommand,
  bridgeInboxStream,
  CALL_EVENTS_STREAM,
  type CallEvent,
  type CallFigures,
  type CostClass,
  type Finding,
  REDIS_PREFIX,
  type TaskJob,
  taskDurationsKey,
  taskJobId,
  taskVoidKey,
} from "@sidetone/protocol";
import type { Redis } from "ioredis";
import { BEGIN, DELIVER, PARK, RELEASE, REPORT } from "./task-scripts.ts";

export type Verdict = "go" | "void" | "delivered" | "ended" | "call-busy" | "tenant-busy";
export type Delivery = "delivered" | "stale" | "duplicate" | "call-over";
type TaskStep = Extract<CallEvent, { type: "task" }>["step"];

/** How many tasks of one cost class may run at once, over all workers. */
export interface FairShare {
  perCall: number;
  perTenant: number;
}

type Arguments = (string | number)[];
interface Scripts {
  sidetoneReport(...args: Arguments): Promise<null>;
  sidetoneBegin(...args: Arguments): Promise<Verdict>;
  sidetonePark(...args: Arguments): Promise<number>;
  sidetoneRelease(...args: Arguments): Promise<string[]>;
  sidetoneDeliver(...args: Arguments): Promise<Delivery>;
}

/** Facts of a call that outlast the bridge: `startedAtMs`, `ended`, `figures`. Kept a day. */
export const callStateKey = (callId: string): string => `${REDIS_PREFIX}:call:${callId}:state`;
const CALL_STATE_TTL_MS = 86_400_000;
/** Hash of what was handed over for one epoch of a task: `end`, `p0`, `p1`, ... */
export const deliveredKey = (taskId: string, epoch: number): string =>
  `${REDIS_PREFIX}:task:${taskId}:${epoch}:delivered`;

const callLeases = (cost: CostClass, callId: string) => `${REDIS_PREFIX}:fair:${cost}:call:${callId}`;
const tenantLeases = (cost: CostClass, tenant: string) => `${REDIS_PREFIX}:fair:${cost}:tenant:${tenant}`;
const parked = (leases: string) => `${leases}:parked`;

/** What Redis knows of running tasks, in steps that a crash cannot tear apart. Holds no state of its own. */
export class TaskState {
  readonly #redis: Redis & Scripts;

  constructor(redis: Redis) {
    redis.defineCommand("sidetoneReport", { numberOfKeys: 2, lua: REPORT });
    redis.defineCommand("sidetoneBegin", { numberOfKeys: 7, lua: BEGIN });
    redis.defineCommand("sidetonePark", { numberOfKeys: 2, lua: PARK });
    redis.defineCommand("sidetoneRelease", { numberOfKeys: 4, lua: RELEASE });
    redis.defineCommand("sidetoneDeliver", { numberOfKeys: 6, lua: DELIVER });
    this.#redis = redis as Redis & Scripts;
  }

  /** Asks whether the task may run, takes its leases and reports it started. */
  begin(task: TaskJob, cost: CostClass, share: FairShare, leaseMs: number): Promise<Verdict> {
    return this.#redis.sidetoneBegin(
      taskVoidKey(task.taskId),
      deliveredKey(task.taskId, task.epoch),
      callStateKey(task.callId),
      callLeases(cost, task.callId),
      tenantLeases(cost, task.tenant),
      CALL_EVENTS_STREAM,
      `${REDIS_PREFIX}:fair:${cost}:tenants`,
      task.epoch,
      task.outlivesCall ? 1 : 0,
      taskJobId(task.taskId, task.epoch),
      leaseMs,
      share.perCall,
      share.perTenant,
      taskEvent(task, "started"),
      task.tenant,
    );
  }

  /** Waits for a place without asking again and again; true when a place became free meanwhile. */
  async park(task: TaskJob, cost: CostClass, share: FairShare, busy: Verdict, rank: number): Promise<boolean> {
    const byCall = busy === "call-busy";
    const leases = byCall ? callLeases(cost, task.callId) : tenantLeases(cost, task.tenant);
    const limit = byCall ? share.perCall : share.perTenant;
    const id = taskJobId(task.taskId, task.epoch);
    return (await this.#redis.sidetonePark(leases, parked(leases), id, limit, rank)) === 1;
  }

  /** Gives the task's places back; answers the ids of parked jobs that may try next. */
  release(task: TaskJob, cost: CostClass): Promise<string[]> {
    const call = callLeases(cost, task.callId);
    const tenant = tenantLeases(cost, task.tenant);
    const id = taskJobId(task.taskId, task.epoch);
    return this.#redis.sidetoneRelease(call, tenant, parked(call), parked(tenant), id);
  }

  /**
   * Hands a finding to the bridge's inbox and the call's events in one step. At most one terminal
   * finding per epoch of a task; `progressIndex` numbers the others. A task whose `bridgeId` is empty
   * has nobody listening (after-call work, tool calls of the reasoning model).
   */
  deliver(task: TaskJob, finding: Finding, progressIndex?: number): Promise<Delivery> {
    const command: BridgeCommand = { type: "input", callId: task.callId, input: { type: "finding", finding } };
    const timed = finding.outcome === "found" || finding.outcome === "not-found";
    const detail = finding.error === undefined ? undefined : `${finding.error.code}: ${finding.error.message}`;
    return this.#redis.sidetoneDeliver(
      taskVoidKey(task.taskId),
      deliveredKey(task.taskId, task.epoch),
      callStateKey(task.callId),
      bridgeInboxStream(task.bridgeId),
      CALL_EVENTS_STREAM,
      taskDurationsKey(task.kind),
      task.epoch,
      progressIndex === undefined ? "end" : `p${progressIndex}`,
      finding.outcome,
      task.bridgeId === "" ? "" : JSON.stringify(command),
      taskEvent(task, finding.outcome, detail),
      taskEvent(task, "dropped", `${finding.outcome}: superseded or cancelled`),
      timed ? Math.round(finding.tookMs) : "",
      BRIDGE_INBOX_MAX_LENGTH,
    );
  }

  /** Reports a step that is no finding, such as `dropped`. */
  async report(task: TaskJob, step: TaskStep, detail?: string): Promise<void> {
    await this.#redis.sidetoneReport(CALL_EVENTS_STREAM, callStateKey(task.callId), taskEvent(task, step, detail));
  }

  async noteStart(callId: string, startedAt: string): Promise<void> {
    await this.#redis.hset(callStateKey(callId), "startedAtMs", Date.parse(startedAt));
    await this.#redis.pexpire(callStateKey(callId), CALL_STATE_TTL_MS);
  }

  async noteEnd(callId: string, figures: CallFigures): Promise<void> {
    await this.#redis.hset(callStateKey(callId), { ended: "1", figures: JSON.stringify(figures) });
    await this.#redis.pexpire(callStateKey(callId), CALL_STATE_TTL_MS);
  }
}

/** A `task` event as JSON; Redis puts the media clock in place of -1 (task-scripts.ts). */
function taskEvent(task: TaskJob, step: TaskStep, detail?: string): string {
  const { callId, taskId, epoch, kind } = task;
  const shown = detail === undefined ? {} : { detail };
  const event: CallEvent = { type: "task", atMs: -1, callId, taskId, epoch, kind, step, ...shown };
  return JSON.stringify(event);
}
