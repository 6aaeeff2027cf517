import type { Clock } from "@sidetone/platform";
import { Line, type LineFaults } from "./line.ts";
import {
  CONNECTED_MESSAGE,
  dtmfMessage,
  markMessage,
  mediaMessage,
  readServerMessage,
  type StreamIdentity,
  startMessage,
  stopMessage,
} from "./media-messages.ts";
import type { MediaSocket, MediaSocketListener, OpenMediaSocket } from "./media-socket.ts";
import type { NoticeCode } from "./notices.ts";
import { PlayBuffer } from "./play-buffer.ts";

/** Twilio discards caller audio once the server does not take it; its buffer's size is not documented. */
const CONGESTED_BYTES = 64 * 1024;
const FRAME_MS = 20;
/** Streams do not begin at 0: the first frame's timestamp says how long the call had been streaming by then. */
const FIRST_TIMESTAMP_MS = 65;

export interface StreamWatcher {
  notice(code: NoticeCode, detail: string): void;
  happened(event: StreamEvent): void;
}

export type StreamEvent =
  | { type: "mark-received" | "mark-returned"; name: string }
  | { type: "clear-received"; droppedMs: number }
  | { type: "stream-closed"; by: "carrier" | "server"; code: number; reason: string };

export interface StreamSetup {
  clock: Clock;
  identity: StreamIdentity;
  parameters: Record<string, string>;
  faults: LineFaults;
  watcher: StreamWatcher;
}

/** What came over the socket so far. */
export interface StreamCounts {
  mediaMessages: number;
  mediaBytes: number;
  marks: number;
  clears: number;
  /** The most audio that ever waited to be played. */
  mostWaitingMs: number;
  /** Frames of silence that were played in the midst of audio, because it came too late. */
  starvedFrames: number;
}

/** One `<Stream>`: the socket, the line in front of it and the audio that waits to be played. */
export class MediaStream {
  readonly identity: StreamIdentity;
  readonly counts: StreamCounts = {
    mediaMessages: 0,
    mediaBytes: 0,
    marks: 0,
    clears: 0,
    mostWaitingMs: 0,
    starvedFrames: 0,
  };
  /** Settles when the socket is closed, by whomever. */
  readonly closed: Promise<{ by: "carrier" | "server"; code: number }>;
  readonly #setup: StreamSetup;
  readonly #buffer = new PlayBuffer();
  readonly #line: Line;
  readonly #settle: (end: { by: "carrier" | "server"; code: number }) => void;
  #socket: MediaSocket | undefined;
  #over = false;
  #stopped = false;
  #sequence = 0;
  #chunk = 0;
  #raised = new Set<NoticeCode>();

  private constructor(setup: StreamSetup) {
    this.#setup = setup;
    this.identity = setup.identity;
    const { promise, resolve } = Promise.withResolvers<{ by: "carrier" | "server"; code: number }>();
    this.closed = promise;
    this.#settle = resolve;
    this.#line = new Line(setup.clock, setup.faults, (text) => this.#transmit(text));
  }

  /** Opens the socket, says `connected` and `start`. Rejects with HandshakeError. */
  static async open(
    setup: StreamSetup,
    openSocket: OpenMediaSocket,
    url: string,
    headers: Record<string, string>,
  ): Promise<MediaStream> {
    const stream = new MediaStream(setup);
    stream.#socket = await openSocket(url, headers, stream.#listener());
    stream.#line.sendControl(CONNECTED_MESSAGE);
    stream.#line.sendControl(startMessage(stream.#next(), setup.identity, setup.parameters));
    return stream;
  }

  get lineCounts(): Line["counts"] {
    return this.#line.counts;
  }

  get open(): boolean {
    return !this.#over && !this.#stopped;
  }

  /** Every 20 ms, first: returns what marks are due and plays the next 20 ms into `heard`. */
  play(heard: Uint8Array): void {
    this.#returnMarks();
    const waiting = this.#buffer.waitingMs;
    const played = this.#buffer.take(heard);
    if (waiting > 0 && played < heard.length) this.counts.starvedFrames++;
    this.#returnMarks();
  }

  /** Every 20 ms, then: sends what the caller said. */
  send(said: Uint8Array): void {
    if (!this.open || this.#socket === undefined) return;
    const sequence = this.#next();
    const timestampMs = FIRST_TIMESTAMP_MS + this.#chunk++ * FRAME_MS;
    if (this.#socket.bufferedBytes > CONGESTED_BYTES) {
      this.#raise(31930, `${this.#socket.bufferedBytes} bytes wait for the server to read them`);
      return;
    }
    const payload = Buffer.from(said.buffer, said.byteOffset, said.byteLength).toString("base64");
    this.#line.sendFrame(mediaMessage(sequence, this.identity.streamSid, this.#chunk, timestampMs, payload));
  }

  press(digit: string): void {
    if (this.open) this.#line.sendControl(dtmfMessage(this.#next(), this.identity.streamSid, digit));
  }

  /** Ends the stream as the carrier does when the call goes elsewhere or is over: `stop`, then goodbye. */
  stop(): void {
    if (!this.open) return;
    this.#line.sendControl(stopMessage(this.#next(), this.identity));
    this.#stopped = true;
    this.#socket?.close(1000);
  }

  /** Breaks the connection, as a failing network would. */
  drop(): void {
    this.#stopped = true;
    this.#socket?.drop();
  }

  /** Stops or goes on reading what the server sends. */
  setReading(reading: boolean): void {
    this.#socket?.setReading(reading);
  }

  /** Sends anything at all, for what a server has to refuse. */
  sendRaw(text: string): void {
    this.#socket?.send(text);
  }

  #listener(): MediaSocketListener {
    return {
      text: (message) => this.#receive(message),
      binary: (lengthBytes) => this.#raise(31950, `a binary message of ${lengthBytes} bytes`),
      closed: (code, reason) => this.#close(code, reason),
    };
  }

  #receive(text: string): void {
    if (!this.open) return;
    const message = readServerMessage(text, this.identity.streamSid);
    const { watcher } = this.#setup;
    switch (message.event) {
      case "media":
        this.counts.mediaMessages++;
        this.counts.mediaBytes += message.payload.length;
        this.#buffer.add(message.payload);
        this.counts.mostWaitingMs = Math.max(this.counts.mostWaitingMs, this.#buffer.waitingMs);
        break;
      case "mark":
        this.counts.marks++;
        this.#buffer.mark(message.name);
        watcher.happened({ type: "mark-received", name: message.name });
        break;
      case "clear":
        this.counts.clears++;
        watcher.happened({ type: "clear-received", droppedMs: this.#buffer.waitingMs });
        this.#buffer.clear();
        this.#returnMarks();
        break;
      case "refused":
        this.#raise(message.code, `${message.detail}: ${text.slice(0, 200)}`);
        break;
    }
  }

  #returnMarks(): void {
    for (const name of this.#buffer.reachedMarks()) {
      if (!this.open) return;
      this.#line.sendControl(markMessage(this.#next(), this.identity.streamSid, name));
      this.#setup.watcher.happened({ type: "mark-returned", name });
    }
  }

  #close(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const by = this.#stopped ? "carrier" : "server";
    if (by === "server" && code === 1006) this.#raise(31903, "the connection broke while the stream was active");
    else if (by === "server" && code !== 1000) this.#raise(31921, `the server closed with ${code} ${reason}`);
    this.#setup.watcher.happened({ type: "stream-closed", by, code, reason });
    this.#settle({ by, code });
  }

  #raise(code: NoticeCode, detail: string): void {
    if (this.#raised.has(code)) return;
    this.#raised.add(code);
    this.#setup.watcher.notice(code, detail);
  }

  #transmit(text: string): void {
    if (!this.#over) this.#socket?.send(text);
  }

  #next(): number {
    this.#sequence++;
    return this.#sequence;
  }
}
