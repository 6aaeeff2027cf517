import type { Duplex } from "node:stream";
import { FRAME_SAMPLES } from "@sidetone/protocol";
import type { WebSocket } from "ws";
import type { CarrierSink } from "./playout.ts";

/** Message buffers in rotation. More than may ever wait in the socket, so that none is overwritten before it is sent. */
const BUFFERS = 64;
/** Bytes that may wait in the socket before frames are held back; a fraction of what the rotation holds. */
const MAX_WAITING_BYTES = 8_192;
const BASE64 = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", "latin1");
const PADDING = "=".charCodeAt(0);
const TEXT = { binary: false, compress: false } as const;

/**
 * Writes one stream's `media`, `mark` and `clear` with exactly the documented fields. A frame is written into a buffer
 * of the rotation and handed to the socket as a view; nothing is allocated per frame.
 */
export class CarrierWriter implements CarrierSink {
  /** Frames held back because the carrier reads too slowly. */
  stalls = 0;
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #streamSid: string;
  readonly #buffers: Buffer[] = [];
  readonly #payloadAt: number;
  readonly #clear: string;
  #next = 0;

  /** @param connection the stream under the socket: corked, two frames and a mark are one system call */
  constructor(socket: WebSocket, connection: Duplex, streamSid: string) {
    this.#socket = socket;
    this.#connection = connection;
    this.#streamSid = streamSid;
    const sid = JSON.stringify(streamSid);
    const head = `{"event":"media","streamSid":${sid},"media":{"payload":"`;
    this.#payloadAt = Buffer.byteLength(head);
    const size = this.#payloadAt + Math.ceil(FRAME_SAMPLES / 3) * 4 + 3;
    for (let i = 0; i < BUFFERS; i++) {
      const buffer = Buffer.allocUnsafeSlow(size);
      buffer.write(head, 0, "utf8");
      this.#buffers.push(buffer);
    }
    this.#clear = `{"event":"clear","streamSid":${sid}}`;
  }

  sendMedia(bytes: Uint8Array, lengthBytes: number): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#socket.bufferedAmount > MAX_WAITING_BYTES) {
      this.stalls++;
      return false;
    }
    const buffer = this.#buffers[this.#next++ % BUFFERS]!;
    let at = writeBase64(bytes, lengthBytes, buffer, this.#payloadAt);
    buffer[at++] = 0x22; // "
    buffer[at++] = 0x7d; // }
    buffer[at++] = 0x7d; // }
    this.#socket.send(buffer.subarray(0, at), TEXT);
    return true;
  }

  sendMark(mark: number): void {
    this.#send(`{"event":"mark","streamSid":${JSON.stringify(this.#streamSid)},"mark":{"name":"${mark}"}}`);
  }

  sendClear(): void {
    this.#send(this.#clear);
  }

  cork(): void {
    this.#connection.cork();
  }

  uncork(): void {
    this.#connection.uncork();
  }

  #send(message: string): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(message, TEXT);
  }
}

/** Writes RFC 4648 base64 to `out` from `at` and returns where it ends. */
function writeBase64(bytes: Uint8Array, lengthBytes: number, out: Buffer, at: number): number {
  const whole = lengthBytes - (lengthBytes % 3);
  for (let i = 0; i < whole; i += 3) {
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    out[at++] = BASE64[bits >> 18]!;
    out[at++] = BASE64[(bits >> 12) & 63]!;
    out[at++] = BASE64[(bits >> 6) & 63]!;
    out[at++] = BASE64[bits & 63]!;
  }
  const rest = lengthBytes - whole;
  if (rest === 0) return at;
  const bits = (bytes[whole]! << 16) | (rest === 2 ? bytes[whole + 1]! << 8 : 0);
  out[at++] = BASE64[bits >> 18]!;
  out[at++] = BASE64[(bits >> 12) & 63]!;
  out[at++] = rest === 2 ? BASE64[(bits >> 6) & 63]! : PADDING;
  out[at++] = PADDING;
  return at;
}
