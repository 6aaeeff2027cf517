import type { Clock, Logger } from "@sidetone/platform";
import { type BridgeCommand, type CallEvent, HOP_SAMPLES, listenChannel, speakChannel } from "@sidetone/protocol";
import type { Redis } from "ioredis";
import type { Calls } from "./calls.ts";
import type { LiveCall } from "./live-call.ts";
import type { BridgeMetrics } from "./metrics.ts";

/** A listener renews its wish every ten seconds; one that stopped is forgotten. */
const LISTENER_MS = 30_000;
/** Hops in one message to those who listen in: 80 ms. */
const HOPS_PER_MESSAGE = 2;
const HOP_BYTES = 8 + 2 * HOP_SAMPLES;

interface Listened {
  /** Who listens, and until when. */
  untilMs: Map<string, number>;
  packet: Buffer;
  hops: number;
}

export interface SupervisionOptions {
  calls: Calls;
  clock: Clock;
  /** Fails at once while Redis is away: those who listen in miss that audio. */
  redis: Redis;
  /** A connection of its own: it is in subscriber mode. */
  subscriber: Redis;
  metrics: BridgeMetrics;
  log: Logger;
  event: (event: CallEvent) => void;
}

/** People who step in: findings and whispers enter, supervisors listen, take over, hand back, transfer and end. */
export class Supervision {
  readonly #options: SupervisionOptions;
  readonly #listened = new Map<string, Listened>();
  readonly #speaking = new Map<string, string>();

  constructor(options: SupervisionOptions) {
    this.#options = options;
    options.subscriber.on("messageBuffer", (channel: Buffer, audio: Buffer) => {
      const callId = this.#speaking.get(channel.toString("utf8"));
      if (callId !== undefined) options.calls.get(callId)?.speak(audio);
    });
  }

  handle(command: BridgeCommand): void {
    const { calls, metrics } = this.#options;
    metrics.commands.inc({ type: command.type });
    const call = calls.get(command.callId);
    if (!call) {
      metrics.commandsStale.inc();
      return;
    }
    switch (command.type) {
      case "input":
        this.#enter(call, command.input);
        return;
      case "listen":
        this.#listen(call, command.by, command.on);
        return;
      case "take-over":
        this.#takeOver(call, command.by);
        return;
      case "hand-back":
        this.#handBack(call, command.by, command.note);
        return;
      case "transfer":
        this.#supervised(call, "transfer", command.by);
        call.transfer(command.target, `by ${command.by}`, "");
        return;
      case "end":
        this.#supervised(call, "end", command.by);
        calls.hangUp(call, { kind: "hang-up" });
        call.end("ended-by-supervisor", { kind: "hang-up" });
    }
  }

  /** Passes a hop on to those who listen in; they hear it within two hops. */
  pass(call: LiveCall, hop: number, caller: Uint8Array, agent: Uint8Array): void {
    const { callId } = call.info;
    const listened = this.#listened.get(callId);
    if (!listened) return;
    const { packet } = listened;
    const at = listened.hops * HOP_BYTES;
    packet.writeBigUInt64BE(BigInt(hop), at);
    packet.set(caller, at + 8);
    packet.set(agent, at + 8 + HOP_SAMPLES);
    if (++listened.hops < HOPS_PER_MESSAGE) return;
    listened.hops = 0;
    this.#forgetListeners(call, listened);
    const { redis, log } = this.#options;
    if (redis.status !== "ready") return;
    // The client may hold the packet after this turn: it gets its own.
    redis.publish(listenChannel(callId), Buffer.from(packet)).catch((error: Error) => {
      log.debug({ err: { message: error.message } }, "listeners missed audio");
    });
  }

  /** The call is over. */
  forget(callId: string): void {
    this.#listened.delete(callId);
    this.#stopSpeaking(callId);
  }

  #enter(call: LiveCall, input: Extract<BridgeCommand, { type: "input" }>["input"]): void {
    if (input.type === "whispered") this.#supervised(call, "whisper", input.by);
    // Everything else that may enter a call is the bridge's own to say.
    if (input.type === "whispered" || input.type === "finding" || input.type === "refused") call.enter(input);
    else this.#options.log.warn({ callId: call.info.callId, type: input.type }, "an input may not come from outside");
  }

  #listen(call: LiveCall, by: string, on: boolean): void {
    const { callId } = call.info;
    let listened = this.#listened.get(callId);
    if (!on) {
      listened?.untilMs.delete(by);
      if (listened) this.#forgetListeners(call, listened);
      return;
    }
    if (!listened) {
      listened = { untilMs: new Map(), packet: Buffer.alloc(HOPS_PER_MESSAGE * HOP_BYTES), hops: 0 };
      this.#listened.set(callId, listened);
    }
    if (!listened.untilMs.has(by)) this.#supervised(call, "listen", by);
    listened.untilMs.set(by, this.#options.clock.nowMs() + LISTENER_MS);
    call.listened = true;
  }

  #forgetListeners(call: LiveCall, listened: Listened): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [by, untilMs] of listened.untilMs) if (untilMs < nowMs) listened.untilMs.delete(by);
    if (listened.untilMs.size > 0) return;
    call.listened = false;
    this.#listened.delete(call.info.callId);
  }

  #takeOver(call: LiveCall, by: string): void {
    if (call.supervisor !== undefined) return;
    const { callId } = call.info;
    const channel = speakChannel(callId);
    this.#speaking.set(channel, callId);
    this.#options.subscriber.subscribe(channel).catch((error: Error) => {
      this.#options.log.warn({ err: { message: error.message }, callId }, "a supervisor cannot be heard");
    });
    call.takeOver(by);
    this.#supervised(call, "take-over", by);
  }

  #handBack(call: LiveCall, by: string, note: string | undefined): void {
    if (call.supervisor === undefined) return;
    this.#stopSpeaking(call.info.callId);
    call.handBack(by, note);
    this.#supervised(call, "hand-back", by);
  }

  #stopSpeaking(callId: string): void {
    const channel = speakChannel(callId);
    if (!this.#speaking.delete(channel)) return;
    this.#options.subscriber.unsubscribe(channel).catch((error: Error) => {
      this.#options.log.debug({ err: { message: error.message }, callId }, "unsubscribing failed");
    });
  }

  #supervised(call: LiveCall, act: Extract<CallEvent, { type: "supervised" }>["act"], by: string): void {
    call.noteControl(act, by);
    this.#options.event({ type: "supervised", callId: call.info.callId, atMs: call.atMs, act, by });
  }
}
