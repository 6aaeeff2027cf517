import { HopAssembler, HopKind } from "@sidetone/audio";
import type { Logger } from "@sidetone/platform";
import { type CallEvent, DECISIONS, HOP_SAMPLES, type PodInput, type PodOutput } from "@sidetone/protocol";
import { FiguresOfCall, type TapeWriter } from "@sidetone/store";
import type { AfterCall, CallInfo, CallResume, CallSurroundings } from "./call-info.ts";
import type { CarrierWriter } from "./carrier-writer.ts";
import { EpochBook } from "./epoch-book.ts";
import { HeardLedger, NO_EPOCH } from "./heard-ledger.ts";
import type { SocketCall } from "./media-socket.ts";
import type { BridgeMetrics } from "./metrics.ts";
import { PaceClock } from "./pace-clock.ts";
import { Playout } from "./playout.ts";
import type { HopReply, PodCall } from "./pod-link.ts";
import { isSnapshot, readPodOutput, withoutWords } from "./pod-output.ts";
import { PodSeat } from "./pod-seat.ts";
import type { Ticking } from "./tick-loop.ts";

/** Hops that one tick may take of one call: a burst after a stall is caught up within a few ticks. */
const MAX_HOPS_PER_TICK = 8;
/**
 * Media Streams run over TCP: what is late still comes, whole. A line counts as silent after 400 ms, and after a longer
 * stall the last two seconds are caught up with.
 */
const INBOUND = { patiencePulls: 10, maxBacklogMs: 2_000 } as const;
/** The hop at which the round trip to the carrier is measured by a mark behind nothing. */
const PROBE_HOP = 2;
/** How long a goodbye may take to be heard before the call ends without it. */
const GOODBYE_MS = 10_000;
const YIELD = DECISIONS.indexOf("yield");
const MS_PER_HOP = 40;

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
  /** An earlier stream of the same call ended in its midst. */
  resume: CallResume | undefined;
}

/** One call's road: carrier audio in, hops to a pod, agent audio out, everything on tape. */
export class LiveCall implements SocketCall, PodCall, Ticking {
  readonly info: CallInfo;
  readonly tape: TapeWriter;
  readonly log: Logger;
  /** Somebody listens in: hops are passed on. */
  listened = false;

  readonly #options: LiveCallOptions;
  readonly #assembler = new HopAssembler(INBOUND);
  readonly #pace = new PaceClock();
  readonly #ledger = new HeardLedger();
  readonly #playout: Playout;
  readonly #seat: PodSeat;
  readonly #figures = new FiguresOfCall();
  readonly #callerHop = new Uint8Array(HOP_SAMPLES);
  readonly #agentHop = new Uint8Array(HOP_SAMPLES);

  readonly #epochs = new EpochBook();
  #decision = 0;
  #supervisor: string | undefined;
  /** Hop 0 of this stream on the call's media clock. */
  readonly #firstHop: number;
  /** Audio and words go on the tape. */
  #recording: boolean;
  /** Something that the model heard or answered is not on the tape: the next snapshot is, to step on from. */
  #snapshotWanted = false;
  #probed = false;
  /** The hop that goes to the pod next. */
  #nextHop: number;
  #goodbye: { after: AfterCall; reason: string; untilMs: number } | undefined;
  #isOver = false;

  constructor(options: LiveCallOptions) {
    this.#options = options;
    this.info = options.info;
    this.tape = options.tape;
    this.log = options.log;
    this.#playout = new Playout(options.writer, this.#ledger, { leadMs: options.leadMs });
    this.#nextHop = options.resume?.nextHop ?? 0;
    this.#firstHop = this.#nextHop;
    // Nothing is recorded before a playbook has said that it is. The line test is a tool and has nobody to ask.
    this.#recording = this.info.playbook.model === "line-test";
    this.tape.withheld = !this.#recording;
    this.#seat = new PodSeat({
      call: this,
      log: options.log,
      model: this.info.playbook.model,
      choosePod: (model) => options.surroundings.choosePod(model),
      nowMs: options.nowMs,
      recoveryMs: options.recoveryMs,
      resume: options.resume,
      opened: (resume) => this.#opened(resume),
      moved: (fromPod, toPod) => this.#moved(fromPod, toPod),
      gaveUp: (lostForMs) => this.#gaveUp(lostForMs),
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get podId(): string {
    return this.#seat.podId;
  }

  /** What another stream of the same call may go on from. */
  get resume(): CallResume | undefined {
    const resume = this.#seat.resume;
    return resume && { state: resume.state, nextHop: this.#nextHop };
  }

  /** Who has taken the call over, if anybody. */
  get supervisor(): string | undefined {
    return this.#supervisor;
  }

  /** Media clock, milliseconds. */
  get atMs(): number {
    return this.#nextHop * MS_PER_HOP;
  }

  /** The carrier's media clock now. It runs on while messages are late. */
  #nowSamples(nowMs: number): number {
    return Math.max(this.#receivedSamples, Math.floor(this.#pace.atMs(nowMs) * 8));
  }

  get #receivedSamples(): number {
    return this.#assembler.positionSamples + this.#assembler.backlogSamples;
  }

  /** Opens the call on a pod. @returns false when no pod takes it. */
  start(): boolean {
    if (!this.#seat.open()) return false;
    const { info } = this;
    this.#event({
      type: "started",
      callId: info.callId,
      atMs: this.atMs,
      from: info.from,
      to: info.to,
      direction: info.direction,
      playbookId: info.playbook.id,
      playbookVersion: info.playbook.version,
      bridgeId: this.#options.bridgeId,
      podId: this.podId,
      startedAt: info.startedAt.toISOString(),
      carrier: info.carrier,
      ...(info.route && { route: info.route }),
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
    this.#seat.tick(nowMs);
    // No pod took it, and it is over.
    if (this.#isOver) return;
    for (let taken = 0; taken < MAX_HOPS_PER_TICK; taken++) {
      const kind = this.#assembler.pull(this.#callerHop, taken > 0);
      if (kind === HopKind.Waiting) break;
      this.#takeHop(kind);
    }
    this.#pump(nowMs);
    if (this.#goodbye) this.#sayGoodbye(nowMs);
  }

  #pump(nowMs: number): void {
    this.#playout.pump(this.#pace.atMs(nowMs), this.#nowSamples(nowMs));
  }

  #takeHop(kind: HopKind): void {
    const position = this.#assembler.nextHopIndex - 1;
    const hop = this.#firstHop + position;
    this.#nextHop = hop;
    const concealed = this.#assembler.concealedSamples;
    if (this.#assembler.skippedSamples > 0) this.#noteSkip(hop, this.#assembler.skippedSamples);
    this.#ledger.take(position * HOP_SAMPLES, this.#agentHop);
    for (let over = this.#epochs.nextEnded(this.#ledger); over; over = this.#epochs.nextEnded(this.#ledger)) {
      this.enter({ type: "epoch-ended", ...over });
    }
    const epoch = this.#epochs.heard(this.#ledger);
    const samples = this.#ledger.heardSamples;
    this.tape.putHop(hop, this.#callerHop, this.#agentHop, epoch, samples, concealed);
    this.#seat.addHop(hop, this.#callerHop, this.#agentHop, epoch, samples, concealed);
    this.#nextHop = hop + 1;
    const { metrics, surroundings } = this.#options;
    metrics.hops.inc();
    if (kind === HopKind.Concealed) this.#noteGap(hop, concealed);
    if (this.listened) surroundings.listen(this, hop, this.#callerHop, this.#agentHop);
    this.#noteFloor(hop);
    if (!this.#probed && position >= PROBE_HOP) {
      this.#probed = true;
      this.#options.writer.sendMark(this.#ledger.markSent(this.#nowSamples(this.#options.nowMs())));
    }
  }

  // The pod's side.

  onReply(reply: HopReply): void {
    if (this.#isOver) return;
    this.#seat.answered();
    if (reply.epoch !== this.#epochs.podEpoch) this.#raise(reply.epoch);
    if (reply.decision !== this.#decision) this.#noteDecision(reply);
    if (!this.#supervisor) {
      if (reply.audioBytes > 0) this.#playout.append(reply.audio, reply.audioAt, reply.audioBytes);
      this.#playout.setGain(reply.gainDb);
    }
    this.#pump(this.#options.nowMs());
    const isOnTape = this.tape.putReply(
      reply.hop,
      reply.decision,
      reply.scores,
      reply.scoresAt,
      reply.conditioning,
      reply.conditioningAt,
      reply.epoch,
      reply.gainDb,
    );
    if (!isOnTape) this.#snapshotWanted = true;
  }

  onOutput(json: string): void {
    if (this.#isOver) return;
    if (isSnapshot(json)) {
      this.#seat.putSnapshot(json);
      if (this.#snapshotWanted) this.#tapeSnapshot(json);
      return;
    }
    const parsed = readPodOutput(json);
    if (!parsed.success) {
      this.#options.metrics.outputsInvalid.inc();
      this.log.warn({ path: parsed.error.issues[0]?.path.join(".") }, "a pod's output does not fit its schema");
      return;
    }
    this.#onOutput(parsed.data);
  }

  #onOutput(output: PodOutput): void {
    this.tape.note({ type: "out", hop: this.#nextHop, output: this.#recording ? output : withoutWords(output) });
    this.#event({ type: "left", callId: this.info.callId, atMs: this.atMs, output });
    switch (output.type) {
      case "said":
        if (output.act === "backchannel") this.#figures.backchannels++;
        return;
      case "recording":
        this.#record(output.on);
        return;
      case "hang-up":
        this.sayGoodbye(output.reason, { kind: "hang-up" });
        return;
      case "transfer":
        this.transfer(output.target, output.reason, output.summary);
        return;
      case "failed":
        this.onPodLost(`${output.code}: ${output.message}`);
        return;
      case "delegate":
      case "supersede":
      case "cancel":
      case "reprioritise":
        this.#options.surroundings.task(this, output);
        return;
      default:
      // The rest is told by its event alone.
    }
  }

  #record(on: boolean): void {
    if (on && !this.#recording) this.#snapshotWanted = true;
    this.#recording = on;
    this.tape.withheld = !on;
  }

  #tapeSnapshot(json: string): void {
    const snapshot = readPodOutput(json);
    if (!snapshot.success) return;
    this.#snapshotWanted = false;
    this.tape.note({ type: "out", hop: this.#nextHop, output: snapshot.data });
  }

  onPodLost(reason: string): void {
    if (this.#isOver) return;
    this.noteControl("pod-lost", reason);
    this.#seat.lost(reason);
  }

  // Control.

  /** Puts an input before the next hop. */
  enter(input: PodInput): void {
    if (this.#isOver) return;
    const hop = this.#nextHop;
    this.tape.note({ type: "in", hop, input });
    this.#seat.addInput(hop, JSON.stringify(input));
    this.#event({ type: "entered", callId: this.info.callId, atMs: this.atMs, input });
  }

  /** Puts the caller through to a person once what is being said was heard; only a carrier can. */
  transfer(target: string, reason: string, summary: string): void {
    if (this.info.carrier === "browser") {
      this.enter({ type: "refused", what: "transfer", reason: "a browser call cannot be put through" });
    } else this.sayGoodbye("transferred", { kind: "transfer", target, reason, summary });
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
    this.#changeEpoch(this.#epochs.podEpoch, NO_EPOCH);
    this.enter({ type: "taken-over", by });
  }

  /** Plays a supervisor's audio; nothing happens unless the call was taken over. */
  speak(bytes: Uint8Array): void {
    if (this.#supervisor === undefined || this.#isOver) return;
    this.#playout.append(bytes, 0, bytes.length);
    this.#pump(this.#options.nowMs());
  }

  handBack(by: string, note: string | undefined): void {
    if (this.#supervisor === undefined) return;
    this.#supervisor = undefined;
    this.#changeEpoch(this.#epochs.podEpoch);
    this.enter({ type: "handed-back", by, ...(note === undefined ? {} : { note }) });
  }

  /** Ends the call: tells the pod, finishes the tape's notes, and reports. Safe to call twice. */
  end(reason: string, after: AfterCall | undefined): void {
    if (this.#isOver) return;
    this.enter({ type: "closed", reason });
    this.#isOver = true;
    this.#seat.leave();
    this.tape.note({ type: "end", hop: this.#nextHop, reason });
    const counts = this.#assembler.counts;
    const figures = this.#figures.figures(counts.gapHops + counts.droppedSamples / HOP_SAMPLES);
    const { metrics, surroundings, writer } = this.#options;
    metrics.playoutDropped.inc(this.#playout.droppedSamples);
    metrics.carrierStalls.inc(writer.stalls);
    surroundings.ended(this, reason, figures, after);
  }

  // Placement.

  #opened(resume: { state: unknown } | undefined): string {
    const { info } = this;
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
      ...(resume ? { resume: { state: resume.state } } : {}),
    };
    this.tape.note({ type: "in", hop: this.#nextHop, input: opened });
    return JSON.stringify(opened);
  }

  #moved(fromPod: string, toPod: string): void {
    this.#epochs.forgetPod();
    this.#snapshotWanted = true;
    this.#options.metrics.moves.inc();
    this.noteControl("moved", `${fromPod} -> ${toPod}`);
    this.#event({ type: "moved", callId: this.info.callId, atMs: this.atMs, fromPod, toPod, reason: "pod lost" });
  }

  #gaveUp(lostForMs: number): void {
    this.log.error({ lostForMs }, "no pod takes the call; it is put through");
    this.#options.surroundings.hangUp(this, { kind: "fallback" });
    this.end("no-pod", { kind: "fallback" });
  }

  // Epochs.

  #raise(podEpoch: number): void {
    const startMs = this.#options.nowMs();
    if (this.#changeEpoch(podEpoch, this.#supervisor === undefined ? undefined : NO_EPOCH)) {
      this.#options.metrics.clears.inc();
      this.#options.metrics.clearMs.observe(this.#options.nowMs() - startMs);
    }
  }

  /** @returns true when the carrier's buffer was cleared. */
  #changeEpoch(podEpoch: number, label?: number): boolean {
    const next = this.#epochs.raise(podEpoch);
    return this.#playout.raise(next, this.#nowSamples(this.#options.nowMs()), label ?? next);
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
    this.#snapshotWanted = true;
    this.#options.metrics.droppedHops.inc(lostSamples / HOP_SAMPLES);
    this.tape.note({ type: "gap", hop, lostSamples, kind: "late" });
    this.#event({ type: "hop-gap", callId: this.info.callId, atMs: hop * MS_PER_HOP, lostSamples, kind: "late" });
  }

  /** Notes on the tape what was done to the call from outside. */
  noteControl(what: string, detail: string): void {
    this.tape.note({ type: "control", hop: this.#nextHop, what, detail });
  }

  #event(event: CallEvent): void {
    this.#options.surroundings.event(event);
  }
}
