import { EventEmitter } from "node:events";
import type { WebSocket } from "ws";
import type { MediaSocketListener, OpenMediaSocket } from "./media-socket.ts";

/** For `VirtualClock.advance`: everything that a beat has set going in this process is over when it settles. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a server does with a new socket; throwing a HandshakeError refuses it. */
export type ServeSocket = (socket: WebSocket, url: string, headers: Record<string, string>) => void;

/**
 * Sockets without a network, for calls on a virtual clock: what is sent arrives in the same turn of the event loop, as
 * microtasks, so that a clock that waits for `settled` has nothing under way. The server's end has what a server uses of `ws`:
 * `message`, `close`, `send`, `close()`, `terminate()`, `bufferedAmount`, `readyState`.
 */
export function memorySockets(serve: ServeSocket): OpenMediaSocket {
  return async (url, headers, listener) => {
    const server = new ServerEnd(listener);
    serve(server as unknown as WebSocket, url, headers);
    return {
      send: (text) => server.deliver(Buffer.from(text)),
      close: (code = 1000, reason = "") => server.over(code, reason),
      drop: () => server.over(1006, ""),
      setReading: (reading) => server.setReading(reading),
      bufferedBytes: 0,
    };
  };
}

class ServerEnd extends EventEmitter {
  readyState = 1;
  bufferedAmount = 0;
  readonly #listener: MediaSocketListener;
  #held: string[] | undefined;

  constructor(listener: MediaSocketListener) {
    super();
    this.#listener = listener;
  }

  send(data: string | Uint8Array, ...rest: unknown[]): void {
    const done = rest.at(-1);
    if (this.readyState !== 1) return;
    if (typeof data !== "string") queueMicrotask(() => this.#listener.binary(data.length));
    else if (this.#held !== undefined) {
      this.#held.push(data);
      this.bufferedAmount += data.length;
    } else queueMicrotask(() => this.#listener.text(data));
    if (typeof done === "function") queueMicrotask(() => done());
  }

  close(code = 1000, reason = ""): void {
    this.over(code, reason);
  }

  terminate(): void {
    this.over(1006, "");
  }

  ping(): void {
    queueMicrotask(() => this.emit("pong"));
  }

  deliver(data: Buffer): void {
    queueMicrotask(() => {
      if (this.readyState === 1) this.emit("message", data, false);
    });
  }

  setReading(reading: boolean): void {
    const held = this.#held ?? [];
    this.#held = reading ? undefined : held;
    if (!reading) return;
    this.bufferedAmount = 0;
    for (const text of held) queueMicrotask(() => this.#listener.text(text));
  }

  over(code: number, reason: string): void {
    if (this.readyState !== 1) return;
    queueMicrotask(() => {
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.emit("close", code, Buffer.from(reason));
      this.#listener.closed(code, reason);
    });
  }
}
