import { HopAssembler, HopKind } from "@sidetone/audio";
import type { Logger } from "@sidetone/platform";
import {
  type CallEvent,
  type CallFigures,
  DECISIONS,
  HOP_SAMPLES,
  type PlaybookOfCall,
  type PodInput,
  PodOutput,
} from "@sidetone/protocol";
import type { TapeWriter } from "@sidetone/store";
import { FiguresOfCall } from "./call-figures.ts";
import { CallHistory } from "./call-history.ts";
import type { CarrierWriter } from "./carrier-writer.ts";
import { HeardLedger, NO_EPOCH } from "./heard-ledger.ts";
import type { SocketCall } from "./media-socket.ts";
import type { BridgeMetrics } from "./metrics.ts";
import { PaceClock } from "./pace-clock.ts";
import { Playout } from "./playout.ts";
import type { HopReply, PodCall, PodLink } from "./pod-link.ts";
import type { Ticking } from "./tick-loop.ts";

/** Hops that one tick may take of one call: a burst after a stall is caught up within a few ticks. */
const MAX_HOPS_PER_TICK = 8;
/** The hop at which the round trip to the carrier is measured by a mark behind nothing. */
const PROBE_HOP = 2;
/** How long a goodbye may take to be heard before the call ends without it. */
const GOODBYE_MS = 10_000;
/** Failures in a row, without a hop answered between, after which a call is given up. */
const MAX_PLACEMENTS = 8;
/** How often a call without a pod looks for one. */
const PLACE_EVERY_MS = 100;
/** A pod epoch that is never current, for what an earlier pod's audio is still playing. */
const FOREIGN_EPOCH = 0xffffffff;
const YIELD = DECISIONS.indexOf("yield");
const SNAPSHOT_PREFIX = '{"type":"snapshot"';
const MS_PER_HOP = 40;

export interface CallInfo {
  callId: string;
  carrierCallId: string;
  from: string;
  to: string;
  direction: "inbound" | "outbound";
  carrier: "twilio" | "browser" | "test";
  startedAt: Date;
  timeZone: string;
  seed: number;
  playbook: PlaybookOfCall;
}

/** What follows on the carrier's side once we have closed the socket. */
export type AfterCall =
  | { kind: "hang-up" }
  | { kind: "transfer"; target: string; reason: string; summary: string }
  | { kind: "fallback" };

/** Everything around the road: told of what happens, never waited for. */
export interface CallSurroundings {
  event(event: CallEvent): void;
  /** An output that asks for something outside the road: tasks, transfer, hang-up. */
  output(call: LiveCall, output: PodOutput): void;
  /** Both channels of a hop, for those who listen in. Called only while `listened` is set. The views are the call's own. */
  listen(call: LiveCall, hop: number, caller: Uint8Array, agent: Uint8Array): void;
  /** The call is over; nothing comes from it any more. */
  ended(call: LiveCall, reason: string, figures: CallFigures, after: AfterCall | undefined): void;
  choosePod(model: string): PodLink | undefined;
  /** Closes the carrier's socket. */
  hangUp(call: LiveCall, after: AfterCall): void;
}

export interface LiveCallOptions {
  info: CallInfo;
  writer: CarrierWriter;
  tape: TapeWriter;
  surroundings: CallSurroundings;
  metrics: BridgeMetrics;
  log: Logger;
  nowMs: () => number;
  leadMs: number;
  recoveryMs: number;
  bridgeId: string;
  taskMediansMs: Record<string, number>;
}

/** One call's road: carrier audio in, hops to a pod, agent audio out, everything on tape. */
export class LiveCall implements SocketCall, PodCall, Ticking {
  readonly info: CallInfo;
  readonly tape: TapeWriter;
  readonly log: Logger;
  /** Somebody listens in: hops are passed on. */
  listened = false;

  readonly #options: LiveCallOptions;
  readonly #assembler = new HopAssembler();
  readonly #pace = new PaceClock();
  readonly #ledger = new HeardLedger();
  readonly #playout: Playout;
  readonly #history = new CallHistory();
  readonly #figures = new FiguresOfCall();
  readonly #callerHop = new Uint8Array(HOP_SAMPLES);
  readonly #agentHop = new Uint8Array(HOP_SAMPLES);

  #link: PodLink | undefined;
  #handle = 0;
  #placements = 0;
  #placeAtMs = 0;
  #lostAtMs = Number.NaN;
  #lostPod = "";
  #podAnswered = false;

  /** The pod's epoch now, and those of our own epochs that may still be heard. */
  #podEpoch = 0;
  readonly #podEpochs = new Map<number, number>([[0, 0]]);
  readonly #endingEpochs: number[] = [];
  #decision = 0;
  #supervisor: string | undefined;
  #probed = false;
  /** The hop that goes to the pod next, and how many of ours the unsent tick already holds. */
  #nextHop = 0;
  #unsentHops = 0;
  #goodbye: { after: AfterCall; reason: string; untilMs: number } | undefined;
  #isOver = false;

  constructor(options: LiveCallOptions) {
    this.#options = options;
    this.info = options.info;
    this.tape = options.tape;
    this.log = options.log;
    this.#playout = new Playout(options.writer, this.#ledger, { leadMs: options.leadMs });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get podId(): string {
    return this.#link?.id ?? "";
  }

  /** Who has taken the call over, if anybody. */
  get supervisor(): string | undefined {
    return this.#supervisor;
  }

  /** Media clock, milliseconds. */
  get atMs(): number {
    return this.#assembler.positionSamples / 8;
  }

  get #receivedSamples(): number {
    return this.#assembler.positionSamples + this.#assembler.backlogSamples;
  }

  /** Opens the call on a pod. @returns false when no pod takes it. */
  start(): boolean {
    const link = this.#options.surroundings.choosePod(this.info.playbook.model);
    if (!link) return false;
    this.#place(link, undefined);
    const { info } = this;
    this.#event({
      type: "started",
      callId: info.callId,
      atMs: 0,
      from: info.from,
      to: info.to,
      direction: info.direction,
      playbookId: info.playbook.id,
      playbookVersion: info.playbook.version,
      bridgeId: this.#options.bridgeId,
      podId: link.id,
      startedAt: info.startedAt.toISOString(),
      carrier: info.carrier,
    });
    return true;
  }

  // The carrier's side.

  onMedia(bytes: Uint8Array, lengthBytes: number, sequence: number, chunk: number, timestampMs: number): void {
    this.#assembler.push(bytes, lengthBytes, sequence, chunk, timestampMs);
    this.#pace.observe(this.#options.nowMs(), this.#receivedSamples);
  }

  onKey(digit: string, sequence: number): void {
    this.#assembler.noteSequence(sequence);
    this.enter({ type: "key-pressed", digit });
  }

  onMark(name: string, sequence: number): void {
    this.#assembler.noteSequence(sequence);
    this.#ledger.markReturned(Number(name), this.#receivedSamples);
  }

  onOver(reason: "stopped" | "socket-lost" | "refused"): void {
    this.end(this.#goodbye?.reason ?? reason, undefined);
  }

  // The tick: caller and agent hops go to the pod, what is due goes to the carrier.

  tick(nowMs: number): void {
    if (this.#isOver) return;
    if (!this.#link) this.#findPod(nowMs);
    this.#unsentHops = 0;
    for (let taken = 0; taken < MAX_HOPS_PER_TICK; taken++) {
      const kind = this.#assembler.pull(this.#callerHop, taken > 0);
      if (kind === HopKind.Waiting) break;
      this.#takeHop(kind);
    }
    this.#playout.pump(this.#pace.atMs(nowMs), this.#receivedSamples);
    if (this.#goodbye) this.#sayGoodbye(nowMs);
  }

  #takeHop(kind: HopKind): void {
    const hop = this.#assembler.nextHopIndex - 1;
    this.#nextHop = hop;
    const concealed = this.#assembler.concealedSamples;
    if (this.#assembler.skippedSamples > 0) this.#noteSkip(hop, this.#assembler.skippedSamples);
    this.#ledger.take(hop * HOP_SAMPLES, this.#agentHop);
    this.#noteEndedEpochs();
    const epoch = this.#heardPodEpoch();
    const samples = this.#ledger.heardSamples;
    this.tape.putHop(hop, this.#callerHop, this.#agentHop, epoch, samples, concealed);
    this.#history.putHop(hop, this.#callerHop, this.#agentHop, epoch, samples, concealed);
    this.#link?.batch.addHop(this.#handle, hop, this.#callerHop, this.#agentHop, epoch, samples, concealed);
    this.#nextHop = hop + 1;
    this.#unsentHops++;
    const { metrics, surroundings } = this.#options;
    metrics.hops.inc();
    if (kind === HopKind.Concealed) this.#noteGap(hop, concealed);
    if (this.listened) surroundings.listen(this, hop, this.#callerHop, this.#agentHop);
    this.#noteFloor(hop);
    if (!this.#probed && hop >= PROBE_HOP) {
      this.#probed = true;
      this.#options.writer.sendMark(this.#ledger.markSent(this.#receivedSamples));
    }
  }

  // The pod's side.

  onReply(reply: HopReply): void {
    if (this.#isOver) return;
    if (!this.#podAnswered) this.#notePodAnswered();
    if (reply.epoch !== this.#podEpoch) this.#raise(reply.epoch);
    if (reply.decision !== this.#decision) this.#noteDecision(reply);
    if (!this.#supervisor) {
      if (reply.audioBytes > 0) this.#playout.append(reply.audio, reply.audioAt, reply.audioBytes);
      this.#playout.setGain(reply.gainDb);
    }
    this.#playout.pump(this.#pace.atMs(this.#options.nowMs()), this.#receivedSamples);
    this.tape.putReply(
      reply.hop,
      reply.decision,
      reply.scores,
      reply.scoresAt,
      reply.conditioning,
      reply.conditioningAt,
      reply.epoch,
      reply.gainDb,
    );
  }

  onOutput(json: string): void {
    if (this.#isOver) return;
    let parsed: ReturnType<typeof PodOutput.safeParse>;
    if (json.startsWith(SNAPSHOT_PREFIX)) {
      const hop = Number(/"hop":(\d+)/.exec(json.slice(0, 64))?.[1] ?? -1);
      this.#history.putSnapshot(hop, json);
      return;
    }
    try {
      parsed = PodOutput.safeParse(JSON.parse(json));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#options.metrics.outputsInvalid.inc();
      return;
    }
    if (!parsed.success) {
      this.#options.metrics.outputsInvalid.inc();
      this.log.warn({ path: parsed.error.issues[0]?.path.join(".") }, "a pod's output does not fit its schema");
      return;
    }
    this.#onOutput(parsed.data);
  }

  #onOutput(output: PodOutput): void {
    this.tape.note({ type: "out", hop: this.#nextHop, output });
    this.#event({ type: "left", callId: this.info.callId, atMs: this.atMs, output });
    switch (output.type) {
      case "said":
        if (output.act === "backchannel") this.#figures.backchannels++;
        return;
      case "recording":
        this.tape.withheld = !output.on;
        return;
      case "hang-up":
        this.sayGoodbye(output.reason, { kind: "hang-up" });
        return;
      case "failed":
        this.onPodLost(`${output.code}: ${output.message}`);
        return;
      default:
        this.#options.surroundings.output(this, output);
    }
  }

  onPodLost(reason: string): void {
    if (this.#isOver) return;
    this.#lostPod = this.podId;
    this.#link?.detach(this.#handle);
    this.#link = undefined;
    this.#placeAtMs = this.#options.nowMs();
    if (Number.isNaN(this.#lostAtMs)) this.#lostAtMs = this.#placeAtMs;
    this.log.warn({ pod: this.#lostPod, reason }, "the call lost its pod");
    this.#control("pod-lost", reason);
    this.#findPod(this.#placeAtMs);
  }

  // Control.

  /** Puts an input before the next hop. */
  enter(input: PodInput): void {
    if (this.#isOver) return;
    if (this.#unsentHops > 0) {
      // A tick's inputs come before all of its hops: hops that came before this input must leave first.
      this.#link?.send(this.#options.nowMs());
      this.#unsentHops = 0;
    }
    const hop = this.#nextHop;
    const json = JSON.stringify(input);
    this.tape.note({ type: "in", hop, input });
    this.#history.putInput(hop, json);
    this.#link?.batch.addInput(this.#handle, json);
    this.#event({ type: "entered", callId: this.info.callId, atMs: this.atMs, input });
  }

  /** Ends the call once what is being said was heard. */
  sayGoodbye(reason: string, after: AfterCall): void {
    if (this.#goodbye || this.#isOver) return;
    this.#goodbye = { after, reason, untilMs: this.#options.nowMs() + GOODBYE_MS };
  }

  /** A supervisor becomes the agent's voice; what the agent was saying stops at once. */
  takeOver(by: string): void {
    if (this.#supervisor !== undefined) return;
    this.#supervisor = by;
    this.#changeEpoch(this.#podEpoch, NO_EPOCH);
    this.enter({ type: "taken-over", by });
  }

  /** Plays a supervisor's audio; nothing happens unless the call was taken over. */
  speak(bytes: Uint8Array): void {
    if (this.#supervisor === undefined || this.#isOver) return;
    this.#playout.append(bytes, 0, bytes.length);
    this.#playout.pump(this.#pace.atMs(this.#options.nowMs()), this.#receivedSamples);
  }

  handBack(by: string, note: string | undefined): void {
    if (this.#supervisor === undefined) return;
    this.#supervisor = undefined;
    this.#changeEpoch(this.#podEpoch);
    this.enter({ type: "handed-back", by, ...(note === undefined ? {} : { note }) });
  }

  /** Ends the call: tells the pod, finishes the tape's notes, and reports. Safe to call twice. */
  end(reason: string, after: AfterCall | undefined): void {
    if (this.#isOver) return;
    this.enter({ type: "closed", reason });
    this.#isOver = true;
    this.#link?.detach(this.#handle);
    this.tape.note({ type: "end", hop: this.#nextHop, reason });
    const counts = this.#assembler.counts;
    const figures = this.#figures.figures(counts.gapHops + counts.droppedSamples / HOP_SAMPLES);
    const { metrics, surroundings, writer } = this.#options;
    metrics.playoutDropped.inc(this.#playout.droppedSamples);
    metrics.carrierStalls.inc(writer.stalls);
    surroundings.ended(this, reason, figures, after);
  }

  // Placement.

  #findPod(nowMs: number): void {
    if (nowMs < this.#placeAtMs) return;
    this.#placeAtMs = nowMs + PLACE_EVERY_MS;
    const link =
      this.#placements < MAX_PLACEMENTS ? this.#options.surroundings.choosePod(this.info.playbook.model) : undefined;
    if (link) {
      this.#place(link, this.#history.resume());
      return;
    }
    if (nowMs - this.#lostAtMs <= this.#options.recoveryMs && this.#placements < MAX_PLACEMENTS) return;
    this.log.error({ lostForMs: nowMs - this.#lostAtMs }, "no pod takes the call; it is put through");
    this.#options.surroundings.hangUp(this, { kind: "fallback" });
    this.end("no-pod", { kind: "fallback" });
  }

  /** Opens the call on a pod; with what it is to resume from, everything since is replayed to it. */
  #place(link: PodLink, resume: { state: unknown } | undefined): void {
    const { info } = this;
    const isMove = this.#placements > 0;
    this.#placements++;
    this.#podAnswered = false;
    this.#link = link;
    this.#handle = link.attach(this);
    const opened: PodInput = {
      type: "opened",
      callId: info.callId,
      from: info.from,
      to: info.to,
      direction: info.direction,
      startedAt: info.startedAt.toISOString(),
      timeZone: info.timeZone,
      seed: info.seed,
      playbook: info.playbook,
      taskMediansMs: this.#options.taskMediansMs,
      ...(resume ? { resume } : {}),
    };
    this.tape.note({ type: "in", hop: this.#nextHop, input: opened });
    link.batch.addInput(this.#handle, JSON.stringify(opened));
    if (!isMove) return;
    this.#forgetPodEpochs();
    this.#history.replay(this.#handle, link.batch, () => link.send(this.#options.nowMs()));
    this.#options.metrics.moves.inc();
    this.#control("moved", `${this.#lostPod} -> ${link.id}`);
    this.#event({
      type: "moved",
      callId: info.callId,
      atMs: this.atMs,
      fromPod: this.#lostPod,
      toPod: link.id,
      reason: "pod lost",
    });
  }

  #notePodAnswered(): void {
    this.#podAnswered = true;
    this.#placements = 1;
    this.#lostAtMs = Number.NaN;
  }

  // Epochs: the pod counts its own, and a new pod may count anew; ours only ever rise.

  #raise(podEpoch: number): void {
    const startMs = this.#options.nowMs();
    if (this.#changeEpoch(podEpoch, this.#supervisor === undefined ? undefined : NO_EPOCH)) {
      this.#options.metrics.clears.inc();
      this.#options.metrics.clearMs.observe(this.#options.nowMs() - startMs);
    }
  }

  /** @returns true when the carrier's buffer was cleared. */
  #changeEpoch(podEpoch: number, label?: number): boolean {
    const ending = this.#playout.epoch;
    const next = ending + 1;
    this.#podEpoch = podEpoch;
    this.#podEpochs.set(next, podEpoch);
    this.#endingEpochs.push(ending);
    return this.#playout.raise(next, this.#receivedSamples, label ?? next);
  }

  /** After a move, what an earlier pod's audio still plays must not pass for the new pod's. */
  #forgetPodEpochs(): void {
    for (const epoch of this.#podEpochs.keys()) this.#podEpochs.set(epoch, FOREIGN_EPOCH);
    this.#podEpoch = FOREIGN_EPOCH;
  }

  #heardPodEpoch(): number {
    return this.#podEpochs.get(this.#ledger.heardEpoch) ?? FOREIGN_EPOCH;
  }

  /** Tells the pod of each raised epoch's end once nothing of it can be heard any more. */
  #noteEndedEpochs(): void {
    while (this.#endingEpochs.length > 0) {
      const ending = this.#endingEpochs[0]!;
      if (!this.#ledger.isOver(this.#playout.epoch)) return;
      this.#endingEpochs.shift();
      const epoch = this.#podEpochs.get(ending) ?? FOREIGN_EPOCH;
      if (ending !== this.#ledger.heardEpoch) this.#podEpochs.delete(ending);
      if (epoch === FOREIGN_EPOCH) continue;
      this.enter({ type: "epoch-ended", epoch, heardSamples: this.#ledger.heardOf(ending) });
    }
  }

  // What is told to those around.

  #sayGoodbye(nowMs: number): void {
    const goodbye = this.#goodbye!;
    const said = this.#playout.isDone(this.#pace.atMs(nowMs)) && !this.#ledger.busy;
    if (!said && nowMs < goodbye.untilMs) return;
    this.#options.surroundings.hangUp(this, goodbye.after);
    this.end(goodbye.reason, goodbye.after);
  }

  #noteDecision(reply: HopReply): void {
    this.#decision = reply.decision;
    if (reply.decision === YIELD) this.#figures.noteYield();
    this.#eventFloor(this.#figures.caller, this.#figures.agent);
  }

  #noteFloor(hop: number): void {
    const change = this.#figures.hop(hop, this.#callerHop, this.#agentHop);
    if (!change) return;
    const { metrics } = this.#options;
    this.#eventFloor(change.caller, change.agent);
    const at = { callId: this.info.callId, atMs: (hop + 1) * MS_PER_HOP };
    if (change.respondedMs !== undefined) {
      metrics.responseMs.observe(change.respondedMs);
      this.#event({ ...at, type: "responded", latencyMs: change.respondedMs });
    }
    if (change.fellSilentMs !== undefined) {
      metrics.fellSilentMs.observe(change.fellSilentMs);
      this.#event({ ...at, type: "fell-silent", latencyMs: change.fellSilentMs });
    }
  }

  #eventFloor(caller: boolean, agent: boolean): void {
    const decision = DECISIONS[this.#decision] ?? "listen";
    this.#event({ type: "floor", callId: this.info.callId, atMs: this.atMs, caller, agent, decision });
  }

  #noteGap(hop: number, lostSamples: number): void {
    this.#options.metrics.gapHops.inc();
    this.tape.note({ type: "gap", hop, lostSamples, kind: "lost" });
    this.#event({ type: "hop-gap", callId: this.info.callId, atMs: hop * MS_PER_HOP, lostSamples, kind: "lost" });
  }

  #noteSkip(hop: number, lostSamples: number): void {
    this.#options.metrics.droppedHops.inc(lostSamples / HOP_SAMPLES);
    this.tape.note({ type: "gap", hop, lostSamples, kind: "late" });
    this.#event({ type: "hop-gap", callId: this.info.callId, atMs: hop * MS_PER_HOP, lostSamples, kind: "late" });
  }

  #control(what: string, detail: string): void {
    this.tape.note({ type: "control", hop: this.#nextHop, what, detail });
  }

  #event(event: CallEvent): void {
    this.#options.surroundings.event(event);
  }
}
