/**
 * The socket's messages as https://www.twilio.com/docs/voice/media-streams/websocket-messages gives them: sequence
 * numbers, chunks and timestamps are strings, sampling rate and channels are numbers.
 */
import type { NoticeCode } from "./notices.ts";

export const CONNECTED_MESSAGE = '{"event":"connected","protocol":"Call","version":"1.0.0"}';

export interface StreamIdentity {
  accountSid: string;
  callSid: string;
  streamSid: string;
}

export function startMessage(
  sequence: number,
  { accountSid, callSid, streamSid }: StreamIdentity,
  customParameters: Record<string, string>,
): string {
  return JSON.stringify({
    event: "start",
    sequenceNumber: String(sequence),
    start: {
      accountSid,
      streamSid,
      callSid,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters,
    },
    streamSid,
  });
}

/** Put together by hand: a load test sends tens of thousands of these in a second. */
export function mediaMessage(
  sequence: number,
  streamSid: string,
  chunk: number,
  timestampMs: number,
  payload: string,
): string {
  return `{"event":"media","sequenceNumber":"${sequence}","media":{"track":"inbound","chunk":"${chunk}","timestamp":"${timestampMs}","payload":"${payload}"},"streamSid":"${streamSid}"}`;
}

export function markMessage(sequence: number, streamSid: string, name: string): string {
  return JSON.stringify({ event: "mark", sequenceNumber: String(sequence), streamSid, mark: { name } });
}

export function dtmfMessage(sequence: number, streamSid: string, digit: string): string {
  const dtmf = { track: "inbound_track", digit };
  return JSON.stringify({ event: "dtmf", streamSid, sequenceNumber: String(sequence), dtmf });
}

export function stopMessage(sequence: number, { accountSid, callSid, streamSid }: StreamIdentity): string {
  const stop = { accountSid, callSid };
  return JSON.stringify({ event: "stop", sequenceNumber: String(sequence), stop, streamSid });
}

/** What a server may send on a bidirectional stream, or what Twilio would write in its log instead. */
export type ServerMessage =
  | { event: "media"; payload: Buffer }
  | { event: "mark"; name: string }
  | { event: "clear" }
  | { event: "refused"; code: NoticeCode; detail: string };

/** Reads one text message of the server's with Twilio's strictness: exactly the documented fields. */
export function readServerMessage(text: string, streamSid: string): ServerMessage {
  let message: Record<string, unknown>;
  try {
    message = JSON.parse(text);
  } catch {
    return refused("not valid JSON");
  }
  if (typeof message !== "object" || message === null) return refused("not an object");
  if (message.streamSid !== streamSid) return refused(`streamSid is ${String(message.streamSid)}`);
  switch (message.event) {
    case "media":
      return readMedia(message);
    case "mark":
      return readMark(message);
    case "clear":
      return hasExactly(message, 2) ? { event: "clear" } : refused(`clear has the fields ${Object.keys(message)}`);
    default:
      return refused(`event is ${String(message.event)}`);
  }
}

function readMedia(message: Record<string, unknown>): ServerMessage {
  const media = message.media as Record<string, unknown> | undefined;
  if (!hasExactly(message, 3) || !hasExactly(media, 1) || typeof media?.payload !== "string") {
    return refused(`media has the fields ${Object.keys(message)} and ${Object.keys(media ?? {})}`);
  }
  const payload = Buffer.from(media.payload, "base64");
  // Decoding skips what is not base64; only a payload that encodes back to the same length was base64.
  if (payload.length === 0 || Math.ceil(payload.length / 3) * 4 !== media.payload.length) {
    return { event: "refused", code: 31924, detail: "media.payload is not base64" };
  }
  if (payload.subarray(0, 4).toString("latin1") === "RIFF") {
    return { event: "refused", code: 31924, detail: "media.payload carries a file header" };
  }
  return { event: "media", payload };
}

function readMark(message: Record<string, unknown>): ServerMessage {
  const mark = message.mark as Record<string, unknown> | undefined;
  if (!hasExactly(message, 3) || !hasExactly(mark, 1) || typeof mark?.name !== "string" || mark.name === "") {
    return refused(`mark has the fields ${Object.keys(message)} and ${Object.keys(mark ?? {})}`);
  }
  return { event: "mark", name: mark.name };
}

function hasExactly(object: Record<string, unknown> | undefined, count: number): boolean {
  return typeof object === "object" && object !== null && Object.keys(object).length === count;
}

function refused(detail: string): ServerMessage {
  return { event: "refused", code: 31951, detail };
}
