import { ULAW_SILENCE } from "@sidetone/audio";
import type { Clock } from "@sidetone/platform";
import { Caller, type CallerStep } from "../caller/caller.ts";
import { Ear } from "../caller/ear.ts";
import { Echo, type EchoPath } from "../caller/echo.ts";
import type { LineFaults } from "./line.ts";
import { HandshakeError, type OpenMediaSocket } from "./media-socket.ts";
import { type Notice, type NoticeCode, notice } from "./notices.ts";
import { MediaStream, type StreamEvent } from "./stream.ts";
import { type HttpMethod, parseTwiml, type StreamNoun, type Verb } from "./twiml.ts";
import { callWebhook, signatureOf, type WebhookAnswer } from "./webhook.ts";

export const FRAME_BYTES = 160;

export type CallStatus = "queued" | "ringing" | "in-progress" | "completed" | "busy" | "no-answer" | "failed";

/** How a dialled party takes a call that is put through to it. */
export interface DialOutcome {
  status: "completed" | "busy" | "no-answer" | "failed";
  durationMs: number;
}

/** What happens in a call, for whoever watches; `atMs` is on the ear's time line. */
export type CallEvent =
  | StreamEvent
  | { type: "webhook"; url: string; status: number }
  | { type: "verb"; verb: Verb }
  | { type: "stream-opened"; url: string; streamSid: string }
  | { type: "caller"; step: CallerStep }
  | { type: "pressed"; digit: string }
  | { type: "agent"; speaks: boolean }
  | { type: "notice"; notice: Notice }
  | { type: "ended"; status: CallStatus };

/** What a call needs of its account. */
export interface CallSurroundings {
  clock: Clock;
  accountSid: string;
  authToken: string;
  openSocket: OpenMediaSocket;
  resolve(url: URL): URL;
  dial(targets: string[]): DialOutcome;
  newSid(prefix: string): string;
  notice(found: Notice): void;
}

export interface CallSetup {
  from: string;
  to: string;
  voiceUrl: string;
  voiceMethod?: HttpMethod;
  /** Called when the call is over. */
  statusCallback?: string;
  steps?: readonly CallerStep[];
  faults?: LineFaults;
  /** What the handset lets back into the line of what it plays. */
  echo?: EchoPath;
  /** Whether to keep what was said and heard; off for load. */
  record?: boolean;
  onEvent?(event: CallEvent & { atMs: number }): void;
}

type Jump = { fetch: string; method: HttpMethod; params?: Record<string, string> } | { document: string };

/** One phone call: what Twilio does between the first ring and the last status callback. */
export class Call {
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  readonly ear = new Ear();
  /** Every webhook that was called, with its answer. */
  readonly webhooks: WebhookAnswer[] = [];
  /** What the carrier itself said to the caller, by <Say>. */
  readonly announcements: string[] = [];
  readonly dialled: string[] = [];
  readonly streams: MediaStream[] = [];
  /** Settles when the call is over and its last callback is answered. */
  readonly ended: Promise<CallStatus>;
  status: CallStatus = "queued";
  /** Where the first stream's media clock has its 0, on the ear's time line. */
  mediaBeganAtMs: number | undefined;

  readonly #around: CallSurroundings;
  readonly #setup: CallSetup;
  readonly #caller: Caller;
  readonly #said = new Uint8Array(FRAME_BYTES).fill(ULAW_SILENCE);
  readonly #heard = new Uint8Array(FRAME_BYTES).fill(ULAW_SILENCE);
  readonly #settleEnded: (status: CallStatus) => void;
  readonly #echo: Echo | undefined;
  #stream: MediaStream | undefined;
  #frames = 0;
  #answeredAtMs = 0;
  #interruption = Promise.withResolvers<Jump | "end">();

  constructor(around: CallSurroundings, setup: CallSetup) {
    this.#around = around;
    this.#setup = setup;
    this.sid = around.newSid("CA");
    this.#echo = setup.echo === undefined ? undefined : new Echo(setup.echo);
    this.from = setup.from;
    this.to = setup.to;
    const { promise, resolve } = Promise.withResolvers<CallStatus>();
    this.ended = promise;
    this.#settleEnded = resolve;
    this.#caller = new Caller(setup.steps ?? [], {
      press: (digit) => this.press(digit),
      hangUp: () => this.hangUp(),
      began: (step) => this.#tell({ type: "caller", step }),
      agent: (speaks) => this.#tell({ type: "agent", speaks }),
    });
  }

  /** The stream that is open now. */
  get stream(): MediaStream | undefined {
    return this.#stream?.open ? this.#stream : undefined;
  }

  get over(): boolean {
    return this.status !== "queued" && this.status !== "ringing" && this.status !== "in-progress";
  }

  /** Rings, and goes through the TwiML until the call is over. */
  async run(): Promise<void> {
    this.status = "ringing";
    let jump: Jump | undefined = { fetch: this.#setup.voiceUrl, method: this.#setup.voiceMethod ?? "POST" };
    while (jump !== undefined && !this.over) {
      const verbs: Verb[] = "document" in jump ? this.#read(jump.document) : await this.#fetch(jump);
      if (this.over) break;
      jump = await this.#carryOut(verbs);
    }
    await this.#finish(this.over ? this.status : "completed");
  }

  /** Every 20 ms: plays, listens, speaks. */
  beat(): void {
    if (this.status !== "in-progress") return;
    // The person begins to talk when somebody listens; a script that began earlier would lose its first words by chance.
    if (this.streams.length > 0) this.#caller.frame(this.#heard, this.#said);
    this.#echo?.mix(this.#heard, this.#said);
    if (this.#setup.record !== false) this.ear.append(this.#said, this.#heard);
    this.#frames++;
    const stream = this.stream;
    if (stream === undefined) this.#heard.fill(ULAW_SILENCE);
    else {
      stream.play(this.#heard);
      stream.send(this.#said);
    }
  }

  press(digit: string): void {
    this.#tell({ type: "pressed", digit });
    this.stream?.press(digit);
  }

  /** The caller puts the phone down, or the account ends the call. */
  hangUp(): void {
    if (this.over) return;
    this.status = "completed";
    this.#interruption.resolve("end");
  }

  /** The account sends the call elsewhere, in the midst of whatever it does. */
  redirect(jump: Jump): void {
    this.#interruption.resolve(jump);
  }

  async #carryOut(verbs: Verb[]): Promise<Jump | undefined> {
    for (const verb of verbs) {
      if (this.status === "ringing" && verb.verb !== "reject") this.#answer();
      this.#tell({ type: "verb", verb });
      const next = await Promise.race([this.#carryOutOne(verb), this.#interruption.promise]);
      this.#stream?.stop();
      if (next === "end" || this.over) return undefined;
      if (next !== undefined) {
        this.#interruption = Promise.withResolvers();
        return next;
      }
    }
    return undefined;
  }

  async #carryOutOne(verb: Verb): Promise<Jump | "end" | undefined> {
    switch (verb.verb) {
      case "connect":
        await this.#connect(verb.stream);
        return verb.action === undefined ? undefined : { fetch: this.#absolute(verb.action), method: verb.method };
      case "redirect":
        return { fetch: this.#absolute(verb.url), method: verb.method };
      case "dial":
        return this.#dial(verb);
      case "say":
        this.announcements.push(verb.text);
        // About as long as reading it out takes.
        return this.#wait(verb.text.length * 60);
      case "play":
        return undefined;
      case "pause":
        return this.#wait(verb.lengthMs);
      case "reject":
        this.status = verb.reason === "busy" ? "busy" : "no-answer";
        return "end";
      case "hangup":
        return "end";
    }
  }

  async #connect(noun: StreamNoun): Promise<void> {
    const { accountSid, authToken, clock, openSocket } = this.#around;
    const url = URL.parse(noun.url);
    const local = url?.hostname === "127.0.0.1" || url?.hostname === "localhost";
    if (url === null) return this.#notice(11100, `<Stream url="${noun.url}">`);
    if (url.protocol !== "wss:" && !(url.protocol === "ws:" && local)) return this.#notice(31922, noun.url);
    const identity = { accountSid, callSid: this.sid, streamSid: this.#around.newSid("MZ") };
    const { streamSid } = identity;
    const watcher = {
      notice: (code: NoticeCode, detail: string) => this.#notice(code, detail, streamSid),
      happened: (event: StreamEvent) => this.#tell(event),
    };
    const setup = { clock, identity, parameters: noun.parameters, faults: this.#setup.faults ?? {}, watcher };
    const headers = { "X-Twilio-Signature": signatureOf(authToken, noun.url, {}), "User-Agent": "Twilio.TmeWs/1.0" };
    let stream: MediaStream;
    try {
      stream = await MediaStream.open(setup, openSocket, this.#around.resolve(url).href, headers);
    } catch (error) {
      this.#refused(error, noun, streamSid);
      return;
    }
    this.streams.push(stream);
    this.#stream = stream;
    this.mediaBeganAtMs ??= this.ear.lengthMs;
    if (this.over) stream.stop();
    this.#tell({ type: "stream-opened", url: noun.url, streamSid });
    this.#streamCallback(noun, streamSid, "stream-started");
    await stream.closed;
    this.#streamCallback(noun, streamSid, "stream-stopped");
  }

  #refused(error: unknown, noun: StreamNoun, streamSid: string): void {
    if (!(error instanceof HandshakeError)) throw error;
    const code = error.status !== undefined ? 31920 : error.message.includes("ECONNREFUSED") ? 31902 : 31901;
    this.#notice(code, error.message, streamSid);
    this.#streamCallback(noun, streamSid, "stream-error", error.message);
  }

  async #dial(verb: Verb & { verb: "dial" }): Promise<Jump | undefined> {
    this.dialled.push(...verb.targets);
    const outcome = this.#around.dial(verb.targets);
    await this.#wait(outcome.durationMs);
    if (verb.action === undefined) return undefined;
    const params = {
      DialCallStatus: outcome.status,
      DialCallSid: this.#around.newSid("CA"),
      DialCallDuration: String(Math.round(outcome.durationMs / 1000)),
    };
    return { fetch: this.#absolute(verb.action), method: verb.method, params };
  }

  #answer(): void {
    this.status = "in-progress";
    this.#answeredAtMs = this.#around.clock.nowMs();
  }

  async #finish(status: CallStatus): Promise<void> {
    this.#stream?.stop();
    await this.#stream?.closed;
    this.status = status;
    const { statusCallback } = this.#setup;
    if (statusCallback !== undefined) {
      const durationMs = this.#answeredAtMs === 0 ? 0 : this.#around.clock.nowMs() - this.#answeredAtMs;
      await this.#request(statusCallback, "POST", {
        CallDuration: String(Math.ceil(durationMs / 1000)),
        Duration: String(Math.ceil(durationMs / 60_000)),
        SequenceNumber: "0",
        CallbackSource: "call-progress-events",
        Timestamp: new Date().toUTCString(),
      });
    }
    this.#tell({ type: "ended", status });
    this.#settleEnded(status);
  }

  #streamCallback(noun: StreamNoun, streamSid: string, event: string, error?: string): void {
    if (noun.statusCallback === undefined) return;
    const params: Record<string, string> = {
      StreamSid: streamSid,
      StreamEvent: event,
      Timestamp: new Date().toISOString(),
      ...(noun.name === undefined ? {} : { StreamName: noun.name }),
      ...(error === undefined ? {} : { StreamError: error }),
    };
    // Twilio does not wait for the answer either.
    void this.#request(noun.statusCallback, noun.statusCallbackMethod, params);
  }

  async #fetch(jump: { fetch: string; method: HttpMethod; params?: Record<string, string> }): Promise<Verb[]> {
    const answer = await this.#request(jump.fetch, jump.method, jump.params ?? {});
    if (answer.status === 0) this.#notice(11205, `${jump.fetch}: ${answer.body}`);
    else if (answer.status >= 400) this.#notice(11200, `${jump.fetch} answered ${answer.status}: ${answer.body}`);
    else if (!/xml/.test(answer.contentType)) this.#notice(12300, `${jump.fetch}: ${answer.contentType}`);
    else return this.#read(answer.body);
    this.announcements.push("We are sorry, an application error has occurred. Goodbye.");
    return [];
  }

  #read(document: string): Verb[] {
    const { verbs, faults } = parseTwiml(document);
    for (const fault of faults) this.#notice(fault.code, fault.detail);
    return verbs;
  }

  async #request(url: string, method: HttpMethod, more: Record<string, string>): Promise<WebhookAnswer> {
    const { accountSid, authToken, resolve } = this.#around;
    const params = {
      AccountSid: accountSid,
      ApiVersion: "2010-04-01",
      CallSid: this.sid,
      CallStatus: this.status,
      Called: this.to,
      Caller: this.from,
      Direction: "inbound",
      From: this.from,
      To: this.to,
      ...more,
    };
    const answer = await callWebhook(authToken, this.#absolute(url), method, params, resolve);
    this.webhooks.push(answer);
    this.#tell({ type: "webhook", url: answer.url, status: answer.status });
    return answer;
  }

  /** Twilio takes addresses relative to the document they are in. */
  #absolute(url: string): string {
    return new URL(url, this.webhooks.at(-1)?.url ?? this.#setup.voiceUrl).href;
  }

  #wait(ms: number): Promise<undefined> {
    return new Promise((resolve) => this.#around.clock.after(ms, () => resolve(undefined)));
  }

  #notice(code: NoticeCode, detail: string, streamSid?: string): void {
    const found = notice(code, detail, this.sid, streamSid);
    this.#around.notice(found);
    this.#tell({ type: "notice", notice: found });
  }

  #tell(event: CallEvent): void {
    this.#setup.onEvent?.({ ...event, atMs: this.#frames * 20 });
  }
}
