import { BRIDGE_INBOX_MAX_LENGTH, bridgeInboxStream, listenChannel, speakChannel } from "@sidetone/protocol";
import type { RawData, WebSocket } from "ws";
import type { DashboardContext } from "../context.ts";
import type { LiveCall } from "./live-call.ts";

/** More than this unsent and the newest audio is dropped: a listener wants now, not everything. */
const LISTEN_HIGH_WATER_BYTES = 32 * 1024;
/** A second of mu-law at once is more than any microphone sends. */
const SPEAK_MAX_BYTES = 8_000;
const RENEW_MS = 10_000;

/**
 * Carries a live call's audio to a supervisor (`[8-byte hop index][320 caller][320 agent]` repeated,
 * as the bridge publishes it), and a supervisor's microphone (8 kHz mu-law) to the bridge while they
 * have taken the call over. The bridge publishes only while somebody listens.
 */
export function listenIn(options: {
  socket: WebSocket;
  context: DashboardContext;
  call: LiveCall;
  by: string;
  maySpeak: boolean;
}): void {
  const { socket, context, call, by } = options;
  const callId = call.summary.id;
  const subscriber = context.redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
  let closed = false;

  const ask = (on: boolean): void => {
    const json = JSON.stringify({ type: "listen", callId, by, on });
    context.redis
      .xadd(bridgeInboxStream(call.summary.bridgeId), "MAXLEN", "~", BRIDGE_INBOX_MAX_LENGTH, "*", "json", json)
      .catch((error: Error) => context.log.warn({ err: { message: error.message } }, "asking for audio failed"));
  };

  socket.on("message", (data: RawData, binary: boolean) => {
    if (!binary || !options.maySpeak || call.summary.takenOverBy !== by) return;
    const audio = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    if (audio.length > SPEAK_MAX_BYTES) {
      socket.close(1009, "too much audio at once");
      return;
    }
    context.redis.publish(speakChannel(callId), audio).catch((error: Error) => {
      context.log.warn({ err: { message: error.message } }, "passing a supervisor's voice failed");
    });
  });

  // A bridge that moved or restarted has forgotten who listens: the wish is renewed.
  const renew = setInterval(() => ask(true), RENEW_MS);
  const unfollow = context.liveCalls.follow({
    changed: (id, live) => {
      if (id === callId && live === undefined) socket.close(1000, "The call has ended.");
    },
    happened: () => undefined,
  });
  const stop = (): void => {
    if (closed) return;
    closed = true;
    clearInterval(renew);
    unfollow();
    ask(false);
    subscriber.disconnect();
  };
  socket.on("close", stop);
  socket.on("error", stop);

  subscriber.on("error", (error: Error) => {
    context.log.debug({ err: { message: error.message } }, "a listener's subscription failed");
  });
  subscriber.on("messageBuffer", (_channel: Buffer, audio: Buffer) => {
    if (closed || socket.bufferedAmount > LISTEN_HIGH_WATER_BYTES) return;
    socket.send(audio);
  });
  subscriber.subscribe(listenChannel(callId)).then(
    () => {
      if (!closed) ask(true);
    },
    () => {
      if (!closed) socket.close(1011, "The audio is not available now.");
    },
  );
}
