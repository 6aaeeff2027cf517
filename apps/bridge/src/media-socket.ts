import type { Duplex } from "node:stream";
import { type Clock, type ErrorCode, type Logger, SidetoneError, type Stop } from "@sidetone/platform";
import { CarrierMessage, type StartMessage } from "@sidetone/protocol";
import type { RawData, WebSocket } from "ws";
import type { z } from "zod";

/** The largest message taken. A media message of 20 ms is about 400 bytes; `start` with all its parameters a few KB. */
export const MAX_MESSAGE_BYTES = 16_384;
/** The largest payload taken: 500 ms in one message. */
const MAX_PAYLOAD_BYTES = 4_000;
/** A call produces some 55 messages a second; after a network stall of ten seconds they come at once. */
const RATE_PER_SECOND = 150;
const RATE_BURST = 750;
/** Close codes of RFC 6455, 7.4.1. */
const CLOSE_NORMAL = 1000;
const CLOSE_POLICY = 1008;

export type Start = z.infer<typeof StartMessage>;

/** The call behind a socket. Every method returns at once; buffers are the socket's and hold until the method returns. */
export interface SocketCall {
  onMedia(bytes: Uint8Array, lengthBytes: number, sequence: number, chunk: number, timestampMs: number): void;
  onKey(digit: string, sequence: number): void;
  onMark(name: string, sequence: number): void;
  /** The carrier said `stop`, or the socket went without one. Called once. */
  onOver(reason: "stopped" | "socket-lost" | "refused"): void;
}

export interface MediaSocketOptions {
  clock: Clock;
  log: Logger;
  startTimeoutMs: number;
  /** Called with a valid `start`. Throws a SidetoneError to refuse it. */
  accept: (start: Start, socket: MediaSocket) => SocketCall;
  refused: (code: ErrorCode) => void;
}

/**
 * The carrier's side of one media socket: `connected`, one `start`, then `media`, `dtmf`, `mark`, one `stop`. Whatever
 * does not fit closes this socket with a code of the catalogue as its reason, and touches no other. The reader never
 * waits: each message is handled in the turn of the event loop in which it arrives.
 */
export class MediaSocket {
  readonly socket: WebSocket;
  /** The stream under the socket. */
  readonly connection: Duplex;
  readonly #options: MediaSocketOptions;
  readonly #payload = Buffer.allocUnsafeSlow(MAX_PAYLOAD_BYTES);
  #call: SocketCall | undefined;
  #state: "opened" | "connected" | "started" | "over" = "opened";
  #streamSid = "";
  #stopWaiting: Stop;
  #rateTokens = RATE_BURST;
  #rateAtMs: number;

  /** Handlers are attached before anything can be awaited, so that no message is missed. */
  constructor(socket: WebSocket, connection: Duplex, options: MediaSocketOptions) {
    this.socket = socket;
    this.connection = connection;
    this.#options = options;
    this.#rateAtMs = options.clock.nowMs();
    this.#stopWaiting = options.clock.after(options.startTimeoutMs, () => this.#refuse("START_TIMEOUT"));
    socket.on("message", (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on("close", () => this.#over("socket-lost"));
    socket.on("error", (error: Error & { code?: string }) => {
      const tooLarge = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
      this.#refuse(tooLarge ? "MESSAGE_TOO_LARGE" : "MESSAGE_MALFORMED", error.message);
    });
  }

  get streamSid(): string {
    return this.#streamSid;
  }

  /** Closes from our side; the carrier goes on with the instructions after `<Connect>`. */
  close(): void {
    this.#state = "over";
    this.#stopWaiting();
    this.socket.close(CLOSE_NORMAL);
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#state === "over") return;
    try {
      if (isBinary) throw new SidetoneError("MESSAGE_BINARY");
      if (!this.#withinRate()) throw new SidetoneError("MESSAGE_RATE");
      const message = readJson(data);
      if (this.#state === "started" && isMedia(message)) this.#onMedia(message);
      else this.#dispatch(message);
    } catch (error) {
      if (!(error instanceof SidetoneError)) throw error;
      this.#refuse(error.code, error.detail);
    }
  }

  #dispatch(message: unknown): void {
    const parsed = CarrierMessage.safeParse(message);
    if (!parsed.success) throw new SidetoneError("MESSAGE_MALFORMED", parsed.error.issues[0]?.path.join("."));
    const { data } = parsed;
    if (data.event === "connected") {
      if (this.#state !== "opened") throw new SidetoneError("MESSAGE_OUT_OF_ORDER", "a second connected");
      this.#state = "connected";
      return;
    }
    if (data.event === "start") {
      if (this.#state === "started") throw new SidetoneError("MESSAGE_OUT_OF_ORDER", "a second start");
      this.#start(data);
      return;
    }
    const call = this.#call;
    if (!call) throw new SidetoneError("MESSAGE_OUT_OF_ORDER", `${data.event} before start`);
    switch (data.event) {
      case "media":
        this.#onMedia(data);
        return;
      case "dtmf":
        call.onKey(data.dtmf.digit, Number(data.sequenceNumber));
        return;
      case "mark":
        call.onMark(data.mark.name, Number(data.sequenceNumber));
        return;
      case "stop":
        this.#over("stopped");
        this.socket.close(CLOSE_NORMAL);
    }
  }

  #start(message: Start): void {
    this.#streamSid = message.streamSid;
    this.#call = this.#options.accept(message, this);
    this.#state = "started";
    this.#stopWaiting();
  }

  /** The message's shape was checked by `isMedia` or by its schema. */
  #onMedia(message: Media): void {
    const { media } = message;
    if (message.streamSid !== this.#streamSid) throw new SidetoneError("MESSAGE_MALFORMED", "another stream's media");
    const payload = media.payload;
    if (payload.length > (MAX_PAYLOAD_BYTES / 3) * 4) throw new SidetoneError("MESSAGE_TOO_LARGE", "media.payload");
    const lengthBytes = this.#payload.write(payload, 0, "base64");
    // Node skips what is not base64; a payload that decodes to less than its length promises was not all base64.
    if (lengthBytes !== base64Bytes(payload)) throw new SidetoneError("MESSAGE_MALFORMED", "media.payload");
    if (media.track !== "inbound") return;
    const sequence = Number(message.sequenceNumber);
    this.#call?.onMedia(this.#payload, lengthBytes, sequence, Number(media.chunk), Number(media.timestamp));
  }

  #withinRate(): boolean {
    const nowMs = this.#options.clock.nowMs();
    const gained = ((nowMs - this.#rateAtMs) * RATE_PER_SECOND) / 1000;
    this.#rateTokens = Math.min(RATE_BURST, this.#rateTokens + gained);
    this.#rateAtMs = nowMs;
    if (this.#rateTokens < 1) return false;
    this.#rateTokens--;
    return true;
  }

  #refuse(code: ErrorCode, detail?: string): void {
    if (this.#state === "over") return;
    this.#options.refused(code);
    this.#options.log.warn({ code, detail, streamSid: this.#streamSid }, "a media socket was refused");
    this.#over("refused");
    this.socket.close(CLOSE_POLICY, code);
  }

  #over(reason: "stopped" | "socket-lost" | "refused"): void {
    this.#stopWaiting();
    if (this.#state === "over") return;
    this.#state = "over";
    const call = this.#call;
    this.#call = undefined;
    call?.onOver(reason);
  }
}

interface Media {
  sequenceNumber: string;
  streamSid: string;
  media: { track: string; chunk: string; timestamp: string; payload: string };
}

const COUNTER = /^\d{1,15}$/;

function readJson(data: RawData): unknown {
  try {
    return JSON.parse(data.toString());
  } catch (error) {
    throw new SidetoneError("MESSAGE_MALFORMED", "not JSON", { cause: error });
  }
}

/** The schema of `media` by hand: it is checked fifty times a second for every call. */
function isMedia(message: unknown): message is Media {
  const m = message as {
    event?: unknown;
    streamSid?: unknown;
    sequenceNumber?: unknown;
    media?: Record<string, unknown>;
  };
  if (m === null || typeof m !== "object" || m.event !== "media") return false;
  const media = m.media;
  return (
    typeof m.streamSid === "string" &&
    isCounter(m.sequenceNumber) &&
    typeof media === "object" &&
    media !== null &&
    typeof media.track === "string" &&
    isCounter(media.chunk) &&
    isCounter(media.timestamp) &&
    typeof media.payload === "string"
  );
}

const isCounter = (value: unknown): boolean => typeof value === "string" && COUNTER.test(value);

/** Bytes that a base64 text of this length and padding holds; -1 when no base64 text has that length. */
function base64Bytes(text: string): number {
  const length = text.length;
  if (length === 0 || length % 4 !== 0) return -1;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (length / 4) * 3 - padding;
}
