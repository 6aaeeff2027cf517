import { WebSocket } from "ws";

/** The carrier's end of a media socket. */
export interface MediaSocket {
  send(text: string): void;
  /** Says goodbye, as at the end of a stream. */
  close(code?: number, reason?: string): void;
  /** Drops the connection without a word. */
  drop(): void;
  /** Stops or goes on reading, as a congested network would make it. */
  setReading(reading: boolean): void;
  /** Bytes that the other side has not taken yet. */
  readonly bufferedBytes: number;
}

export interface MediaSocketListener {
  text(message: string): void;
  binary(lengthBytes: number): void;
  /** Once, also when the connection breaks; 1006 means that nobody said goodbye. */
  closed(code: number, reason: string): void;
}

export class HandshakeError extends Error {
  /** The HTTP status, or undefined where there was no answer. */
  readonly status: number | undefined;
  readonly body: string;

  constructor(status: number | undefined, body: string) {
    super(status === undefined ? body : `HTTP ${status}: ${body}`);
    this.name = "HandshakeError";
    this.status = status;
    this.body = body;
  }
}

export type OpenMediaSocket = (
  url: string,
  headers: Record<string, string>,
  listener: MediaSocketListener,
) => Promise<MediaSocket>;

/** How long Twilio's side waits for the handshake. */
const HANDSHAKE_MS = 10_000;

/** Opens a real WebSocket, without compression, as Twilio does. Rejects with HandshakeError. */
export const openWebSocket: OpenMediaSocket = (url, headers, listener) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS });
    let opened = false;
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) listener.binary(data.length);
      else listener.text(data.toString("utf8"));
    });
    socket.on("close", (code, reason) => {
      if (opened) listener.closed(code, reason.toString("utf8"));
    });
    socket.on("unexpected-response", (_request, response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        if (body.length < 4096) body += piece;
      });
      response.on("end", () => reject(new HandshakeError(response.statusCode, body)));
    });
    // Once open, an error is followed by a close, which says all there is to say.
    socket.on("error", (error) => reject(new HandshakeError(undefined, error.message)));
    socket.on("open", () => {
      opened = true;
      resolve({
        send: (text) => socket.send(text),
        close: (code, reason) => socket.close(code, reason),
        drop: () => socket.terminate(),
        setReading: (reading) => (reading ? socket.resume() : socket.pause()),
        get bufferedBytes() {
          return socket.bufferedAmount;
        },
      });
    });
  });
