import { z } from "zod";

/**
 * Twilio Media Streams over WebSocket, as documented at
 * https://www.twilio.com/docs/voice/media-streams/websocket-messages.
 * Strings and numbers are exactly as the carrier sends them: sequence numbers, chunks and
 * timestamps are decimal strings, `sampleRate` and `channels` are numbers.
 */
const counter = z.string().regex(/^\d{1,15}$/, "must be a decimal string");
const streamSid = z.string().min(1).max(64);

export const ConnectedMessage = z.object({ event: z.literal("connected"), protocol: z.string(), version: z.string() });

export const StartMessage = z.object({
  event: z.literal("start"),
  sequenceNumber: counter,
  streamSid,
  start: z.object({
    streamSid,
    accountSid: z.string(),
    callSid: z.string(),
    tracks: z.array(z.string()),
    customParameters: z.record(z.string(), z.string()).default({}),
    mediaFormat: z.object({
      encoding: z.literal("audio/x-mulaw"),
      sampleRate: z.literal(8000),
      channels: z.literal(1),
    }),
  }),
});

export const MediaMessage = z.object({
  event: z.literal("media"),
  sequenceNumber: counter,
  streamSid,
  media: z.object({ track: z.string(), chunk: counter, timestamp: counter, payload: z.base64() }),
});

export const DtmfMessage = z.object({
  event: z.literal("dtmf"),
  sequenceNumber: counter,
  streamSid,
  dtmf: z.object({ track: z.string(), digit: z.string().regex(/^[0-9*#A-D]$/) }),
});

export const MarkMessage = z.object({
  event: z.literal("mark"),
  sequenceNumber: counter,
  streamSid,
  mark: z.object({ name: z.string() }),
});

export const StopMessage = z.object({
  event: z.literal("stop"),
  sequenceNumber: counter,
  streamSid,
  stop: z.object({ accountSid: z.string(), callSid: z.string() }),
});

/** Carrier to bridge. */
export const CarrierMessage = z.discriminatedUnion("event", [
  ConnectedMessage,
  StartMessage,
  MediaMessage,
  DtmfMessage,
  MarkMessage,
  StopMessage,
]);
export type CarrierMessage = z.infer<typeof CarrierMessage>;

/** Bridge to carrier: these three and no other field (an unexpected one is warning 31951). */
export const BridgeMessage = z.discriminatedUnion("event", [
  z.strictObject({ event: z.literal("media"), streamSid, media: z.strictObject({ payload: z.base64().min(4) }) }),
  z.strictObject({ event: z.literal("mark"), streamSid, mark: z.strictObject({ name: z.string().min(1) }) }),
  z.strictObject({ event: z.literal("clear"), streamSid }),
]);
export type BridgeMessage = z.infer<typeof BridgeMessage>;

/** Custom parameters that the TwiML puts on the stream; the token is single-use and short-lived. */
export const StreamParameters = z.object({ token: z.string().min(16).max(256) }).catchall(z.string());
export type StreamParameters = z.infer<typeof StreamParameters>;
