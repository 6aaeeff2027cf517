/**
 * A process of many callers, as lean as it can be: it must not be what gives out first. Each call sends a frame every
 * 20 ms, plays what comes back, and returns marks when they are due.
 */
import { realClock } from "@sidetone/platform";
import { parseTwiml, signatureOf } from "@sidetone/testkit";
import { WebSocket } from "ws";

export interface FleetOptions {
  /** Where to open sockets at once, or */
  mediaUrl?: string;
  /** where to ring for TwiML first. */
  voiceUrl?: string;
  authToken?: string;
}

export interface FleetFigures {
  open: number;
  closedByServer: number;
  /** Audio received since the last figures, as a share of what the model said at most. */
  mediaBytes: number;
  clears: number;
  marks: number;
  /** Silence in the midst of speech, since the last figures. */
  starvedMs: number;
  /** How late this process was with frames, p99: if this is high, the figures are of the fleet and not of the contender. */
  fleetLatenessMs: number;
}

const PHASES = 4;
const FRAME_MS = 20;
const FRAME = Buffer.alloc(160, 0xff).toString("base64");
/** `{"event":"` comes first in every message; the next two letters tell them apart. */
const EVENT_AT = 10;
/** A pause longer than this is between utterances. */
const PAUSE_MS = 400;

const counts = { closedByServer: 0, mediaBytes: 0, clears: 0, marks: 0, starvedMs: 0 };
const phases: FleetCall[][] = Array.from({ length: PHASES }, () => []);
let lateness: number[] = [];
let placed = 0;

class FleetCall {
  readonly #socket: WebSocket;
  readonly #streamSid: string;
  #sequence = 1;
  #chunk = 0;
  #playedUntilMs = 0;
  #marks: { name: string; atMs: number }[] = [];
  #leaving = false;

  constructor(url: string, headers: Record<string, string>, callSid: string, parameters: Record<string, string>) {
    this.#streamSid = `MZ${callSid.slice(2)}`;
    this.#socket = new WebSocket(url, { headers, perMessageDeflate: false });
    this.#socket.on("open", () => {
      const start = {
        accountSid: "AC",
        streamSid: this.#streamSid,
        callSid,
        tracks: ["inbound"],
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
        customParameters: parameters,
      };
      this.#socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}');
      this.#socket.send(JSON.stringify({ event: "start", sequenceNumber: "1", start, streamSid: this.#streamSid }));
    });
    this.#socket.on("message", (data: Buffer) => this.#receive(data));
    this.#socket.on("close", () => {
      if (!this.#leaving) counts.closedByServer++;
    });
    this.#socket.on("error", (error) => process.stderr.write(`${error.message}\n`));
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  beat(nowMs: number): void {
    if (!this.open) return;
    while (this.#marks.length > 0 && this.#marks[0]!.atMs <= nowMs) this.#returnMark();
    const chunk = ++this.#chunk;
    this.#socket.send(
      `{"event":"media","sequenceNumber":"${++this.#sequence}","media":{"track":"inbound","chunk":"${chunk}","timestamp":"${chunk * FRAME_MS}","payload":"${FRAME}"},"streamSid":"${this.#streamSid}"}`,
    );
  }

  leave(): void {
    this.#leaving = true;
    this.#socket.close(1000);
  }

  #receive(data: Buffer): void {
    const nowMs = performance.now();
    const kind = data[EVENT_AT] === 0x63 ? "clear" : data[EVENT_AT + 1] === 0x61 ? "mark" : "media";
    if (kind === "media") {
      const from = data.indexOf('"payload":"') + 11;
      const bytes = Math.floor(((data.indexOf('"', from) - from) * 3) / 4);
      counts.mediaBytes += bytes;
      const gapMs = nowMs - this.#playedUntilMs;
      if (gapMs > 0 && gapMs < PAUSE_MS) counts.starvedMs += gapMs;
      this.#playedUntilMs = Math.max(nowMs, this.#playedUntilMs) + bytes / 8;
    } else if (kind === "mark") {
      counts.marks++;
      const { mark } = JSON.parse(data.toString()) as { mark: { name: string } };
      this.#marks.push({ name: mark.name, atMs: this.#playedUntilMs });
    } else {
      counts.clears++;
      this.#playedUntilMs = nowMs - PAUSE_MS;
      while (this.#marks.length > 0) this.#returnMark();
    }
  }

  #returnMark(): void {
    const mark = { name: this.#marks.shift()!.name };
    const sequenceNumber = String(++this.#sequence);
    this.#socket.send(JSON.stringify({ event: "mark", sequenceNumber, streamSid: this.#streamSid, mark }));
  }
}

async function place(options: FleetOptions): Promise<void> {
  const callSid = `CA${(placed + process.pid * 1_000_000).toString(16).padStart(32, "0")}`;
  let url = options.mediaUrl ?? "";
  let parameters = {};
  if (options.voiceUrl !== undefined) {
    const params = { CallSid: callSid, From: "+15005550001", To: "+15005550006", CallStatus: "ringing" };
    const signature = signatureOf(options.authToken ?? "", options.voiceUrl, params);
    const answer = await fetch(options.voiceUrl, {
      method: "POST",
      body: new URLSearchParams(params),
      headers: { "X-Twilio-Signature": signature },
    });
    const [verb] = parseTwiml(await answer.text()).verbs;
    if (verb?.verb !== "connect") throw new Error(`${options.voiceUrl} answered ${answer.status} without a stream`);
    ({ url, parameters } = verb.stream);
  }
  const headers = { "X-Twilio-Signature": signatureOf(options.authToken ?? "", url, {}) };
  phases[placed++ % PHASES]!.push(new FleetCall(url, headers, callSid, parameters));
}

let phase = 0;
realClock.every(FRAME_MS / PHASES, (late, missed) => {
  lateness.push(late);
  const nowMs = performance.now();
  for (let i = 0; i <= missed; i++) {
    for (const call of phases[phase]!) call.beat(nowMs);
    phase = (phase + 1) % PHASES;
  }
});

type Command = { do: "place"; options: FleetOptions } | { do: "figures" } | { do: "leave" };
process.on("message", async (command: Command) => {
  if (command.do === "place") {
    const refused = await place(command.options).then(
      () => "",
      (error: Error) => error.message,
    );
    process.send?.({ refused });
  } else if (command.do === "figures") {
    const sorted = lateness.toSorted((a, b) => a - b);
    lateness = [];
    const figures: FleetFigures = {
      ...counts,
      open: phases.flat().filter((call) => call.open).length,
      fleetLatenessMs: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    };
    Object.assign(counts, { closedByServer: 0, mediaBytes: 0, clears: 0, marks: 0, starvedMs: 0 });
    process.send?.(figures);
  } else {
    for (const calls of phases) for (const call of calls.splice(0)) call.leave();
    process.send?.("left");
  }
});
