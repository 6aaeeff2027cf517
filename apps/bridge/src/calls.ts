import { randomInt } from "node:crypto";
import { join } from "node:path";
import { type Clock, type Logger, SidetoneError } from "@sidetone/platform";
import { type CallEvent, type CallFigures, DECISIONS, OVERLAP_KINDS, PROJECTION_BINS_MS } from "@sidetone/protocol";
import { LIVE_SUFFIX, TapeWriter } from "@sidetone/store";
import type { AfterPlans } from "./after-plans.ts";
import type { CallControl } from "./call-control.ts";
import type { AfterCall, CallInfo, CallSurroundings } from "./call-info.ts";
import { CarrierWriter } from "./carrier-writer.ts";
import { LiveCall } from "./live-call.ts";
import type { MediaSocket, Start } from "./media-socket.ts";
import type { BridgeMetrics } from "./metrics.ts";
import type { ParkedCalls } from "./parked-calls.ts";
import type { PlaybookSource } from "./playbook-source.ts";
import type { PodLink } from "./pod-link.ts";
import type { Pods } from "./pods.ts";
import type { StreamTokens } from "./stream-token.ts";
import type { TaskCall } from "./task-outbox.ts";
import type { TickLoop } from "./tick-loop.ts";

/** Names of the score columns on a tape, in the order of SCORES. */
const SCORE_NAMES = [
  ...DECISIONS,
  ...OVERLAP_KINDS.map((kind) => `overlap-${kind}`),
  ...PROJECTION_BINS_MS.map((ms) => `caller-${ms}ms`),
  ...PROJECTION_BINS_MS.map((ms) => `agent-${ms}ms`),
];

/** What a call's end leaves behind for those after it. */
export interface FinishedCall {
  info: TaskCall;
  reason: string;
  figures: CallFigures;
  tapePath: string;
}

/** Who hears of calls, all off the road: every method queues and returns. */
export interface CallListener {
  event(event: CallEvent): void;
  task: CallSurroundings["task"];
  listen: CallSurroundings["listen"];
  started(call: LiveCall): void;
  ended(call: LiveCall): void;
  finished(call: FinishedCall): void;
}

export interface CallsOptions {
  clock: Clock;
  wallMs: () => number;
  /** What a call's variants of lines are chosen by; random unless given. */
  seed?: (() => number) | undefined;
  log: Logger;
  metrics: BridgeMetrics;
  pods: Pods;
  ticks: TickLoop;
  tokens: StreamTokens;
  playbooks: PlaybookSource;
  plans: AfterPlans;
  control: CallControl;
  parked: ParkedCalls;
  /** Where tapes of running calls lie, and what becomes of a finished one; returns its final path. */
  tapes: { livePath: (callId: string, startedAt: Date) => string; finish: (livePath: string) => Promise<string> };
  bridgeId: string;
  softwareVersion: string;
  timeZone: string;
  leadMs: number;
  recoveryMs: number;
  maxCalls: number;
  taskMediansMs: () => Record<string, number>;
}

interface Entry {
  call: LiveCall;
  socket: MediaSocket;
}

/** All calls of this process: opens them, finds them, and sees them off. */
export class Calls implements CallSurroundings {
  readonly #options: CallsOptions;
  /** Set once, before the first call: the listeners need the calls, and the calls them. */
  listener!: CallListener;
  readonly #entries = new Map<string, Entry>();
  /** Ended calls whose tapes are still being written, by call. */
  readonly #finishing = new Map<string, Promise<void>>();
  #draining = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(callId: string): LiveCall | undefined {
    return this.#entries.get(callId)?.call;
  }

  /** True while the call runs or its tape is being written. */
  holds(callId: string): boolean {
    return this.#entries.has(callId) || this.#finishing.has(callId);
  }

  get all(): Iterable<LiveCall> {
    return this.#entries.values().map((entry) => entry.call);
  }

  /** Why no new call can be taken; undefined when one can. */
  refusal(model: string): SidetoneError | undefined {
    if (this.#draining) return new SidetoneError("DRAINING");
    if (this.#entries.size >= this.#options.maxCalls) return new SidetoneError("NO_CAPACITY", "MAX_CALLS is reached.");
    if (!this.#options.pods.choose(model)) return new SidetoneError("NO_CAPACITY");
    return undefined;
  }

  /** A socket's `start`: redeems its token and opens the call. @throws SidetoneError to refuse it. */
  open(start: Start, socket: MediaSocket, isSigned: boolean): LiveCall {
    const options = this.#options;
    const token = start.start.customParameters.token;
    if (!token) throw new SidetoneError("TOKEN_MISSING");
    const claims = options.tokens.redeem(token, start.start.callSid);
    if (!claims.browser && !isSigned) throw new SidetoneError("SIGNATURE_MISSING");
    const info: CallInfo = {
      callId: claims.callId,
      carrierCallId: start.start.callSid,
      from: claims.from,
      to: claims.to,
      direction: claims.direction,
      carrier: claims.browser ? "browser" : "twilio",
      startedAt: new Date(options.wallMs()),
      timeZone: options.timeZone,
      seed: options.seed?.() ?? randomInt(2 ** 31),
      playbook: options.playbooks.byKey(claims.playbook),
      playbookKey: claims.playbook,
      route: claims.route === undefined ? undefined : options.playbooks.route(claims.route),
    };
    const refusal = this.refusal(info.playbook.model);
    if (refusal) {
      options.plans.set(info.carrierCallId, { kind: "fallback" });
      throw refusal;
    }
    const parked = options.parked.take(info.carrierCallId);
    const log = options.log.child({ callId: info.callId });
    const call = new LiveCall({
      info,
      writer: new CarrierWriter(socket.socket, socket.connection, start.streamSid),
      tape: this.#openTape(info, log),
      surroundings: this,
      metrics: options.metrics,
      log,
      nowMs: () => options.clock.nowMs(),
      leadMs: options.leadMs,
      recoveryMs: options.recoveryMs,
      bridgeId: options.bridgeId,
      taskMediansMs: options.taskMediansMs(),
      resume: parked?.resume,
    });
    this.#entries.set(info.callId, { call, socket });
    options.ticks.add(call);
    call.start();
    if (parked?.transferFailed) call.enter({ type: "refused", what: "transfer", reason: parked.transferFailed });
    this.listener.started(call);
    options.metrics.callsStarted.inc();
    options.metrics.calls.set(this.#entries.size);
    log.info({ playbook: info.playbook.id, pod: call.podId, carrier: info.carrier }, "call started");
    return call;
  }

  /** Takes no new calls; resolves when the last one and its tape are done. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#entries.size > 0) {
      this.#options.log.info({ calls: this.#entries.size }, "waiting for calls to end");
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    }
    await this.idle();
  }

  /** Resolves when the tapes of all ended calls are in their place. */
  async idle(): Promise<void> {
    await Promise.all(this.#finishing.values());
  }

  /** Ends every call that is left. */
  async endAll(reason: string): Promise<void> {
    for (const { call } of [...this.#entries.values()]) {
      this.hangUp(call, { kind: "hang-up" });
      call.end(reason, undefined);
    }
    await this.idle();
  }

  /** The carrier says that a call is over; its socket may not have noticed. */
  carrierEnded(carrierCallId: string, status: string): void {
    for (const { call, socket } of [...this.#entries.values()]) {
      if (call.info.carrierCallId !== carrierCallId) continue;
      socket.close();
      call.end(status, undefined);
    }
  }

  // What a call asks of its surroundings.

  event(event: CallEvent): void {
    this.listener.event(event);
  }

  task: CallSurroundings["task"] = (call, output) => this.listener.task(call, output);

  listen: CallSurroundings["listen"] = (call, hop, caller, agent) => this.listener.listen(call, hop, caller, agent);

  choosePod(model: string): PodLink | undefined {
    return this.#options.pods.choose(model);
  }

  hangUp(call: LiveCall, after: AfterCall): void {
    const { carrierCallId, carrier } = call.info;
    if (carrier === "twilio") {
      this.#options.plans.set(carrierCallId, after);
      this.#options.control.ensure(carrierCallId);
    }
    this.#entries.get(call.info.callId)?.socket.close();
  }

  ended(call: LiveCall, reason: string, figures: CallFigures, after: AfterCall | undefined): void {
    const { metrics, ticks, parked } = this.#options;
    ticks.remove(call);
    // Its caller may come back to us: after a transfer that nobody answers, or when only the socket broke.
    if (after?.kind === "transfer" || reason === "socket-lost") parked.put(call.info, call.resume);
    this.listener.ended(call);
    this.#entries.delete(call.info.callId);
    metrics.calls.set(this.#entries.size);
    metrics.callsEnded.inc({ reason });
    call.log.info({ reason, durationMs: figures.durationMs, lostHops: figures.lostHops }, "call ended");
    const { callId } = call.info;
    this.#finishing.set(
      callId,
      this.#finish(call, reason, figures).finally(() => this.#finishing.delete(callId)),
    );
    if (this.#entries.size === 0) this.#onEmpty?.();
  }

  /** Off the road: the tape is closed and put in its place, then everybody hears of the end. */
  async #finish(call: LiveCall, reason: string, figures: CallFigures): Promise<void> {
    const { metrics, tapes } = this.#options;
    await call.tape.close();
    metrics.tapeDropped.inc(call.tape.counts.droppedMicroTurns);
    let tapePath = call.tape.path.slice(0, -LIVE_SUFFIX.length);
    try {
      tapePath = await tapes.finish(call.tape.path);
    } catch (error) {
      call.log.error({ err: error }, "the tape stays in the tape folder for now");
    }
    this.listener.event({ type: "ended", callId: call.info.callId, atMs: call.atMs, reason, figures, tapePath });
    this.listener.finished({ info: call.info, reason, figures, tapePath });
  }

  #openTape(info: CallInfo, log: Logger): TapeWriter {
    const { pods, tapes, bridgeId, softwareVersion, metrics } = this.#options;
    const status = pods.choose(info.playbook.model)?.status;
    const header = {
      format: "sidetone-tape",
      version: 1,
      callId: info.callId,
      carrierCallId: info.carrierCallId,
      startedAt: info.startedAt.toISOString(),
      sampleRateHz: 8000,
      hopSamples: 320,
      audio: "mu-law",
      scoreNames: SCORE_NAMES,
      model: info.playbook.model === "line-test" ? "line-test" : (status?.model ?? ""),
      modelHash: info.playbook.model === "line-test" ? "" : (status?.model_hash ?? ""),
      bridgeId,
      softwareVersion,
    } as const;
    return new TapeWriter(
      tapes.livePath(info.callId, info.startedAt),
      { ...header },
      {
        onFailed: (error) => {
          metrics.tapeFailed.inc();
          log.error({ err: error, code: error.code }, "the tape was given up; the call goes on");
        },
      },
    );
  }
}

/** `folder/2026/11/21/<call>.tape`. */
export function tapePath(folder: string, callId: string, startedAt: Date): string {
  const [year = "", month = "", day = ""] = startedAt.toISOString().slice(0, 10).split("-");
  return join(folder, year, month, day, `${callId}.tape`);
}
