/**
 * A rival: the Twilio transport of `@openai/agents-extensions` with its RealtimeSession, wired as its documentation wires
 * it, over a local Realtime server whose turns are found by `server_vad`.
 */
import { RealtimeAgent, RealtimeSession } from "@openai/agents/realtime";
import { TwilioRealtimeTransportLayer } from "@openai/agents-extensions";
import { WebSocketServer } from "ws";
import { SileroVad } from "../silero-vad.ts";
import { onKeys, portOf, serveMedia } from "./media-server.ts";
import { RealtimeServerSession } from "./realtime-server.ts";
import { Truths } from "./truths.ts";
import { AgentVoice } from "./voice.ts";

const [vad, voice] = await Promise.all([SileroVad.loadSession(), AgentVoice.start()]);
const realtime = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
await new Promise((resolve) => realtime.once("listening", resolve));
const address = realtime.address();
const realtimePort = typeof address === "object" ? address?.port : 0;
realtime.on("connection", (socket, request) => {
  const truth = Truths.parse(Object.fromEntries(new URL(request.url ?? "/", "ws://local").searchParams));
  new RealtimeServerSession(socket, { vad, voice, truth });
});

serveMedia(portOf(process.env), (twilioWebSocket, truth) => {
  const transport = new TwilioRealtimeTransportLayer({ twilioWebSocket });
  const session = new RealtimeSession(new RealtimeAgent({ name: "Robin", instructions: "Speak." }), {
    transport,
    tracingDisabled: true,
    // Its default, semantic_vad, is a model that only OpenAI runs.
    config: { audio: { input: { turnDetection: { type: "server_vad" } } } },
  });
  const failed = (error: unknown): void => {
    process.stderr.write(`${error instanceof Error ? error.stack : JSON.stringify(error)}\n`);
    twilioWebSocket.close();
  };
  session.on("error", failed);
  onKeys(twilioWebSocket, (digits) => session.sendMessage(digits));
  const query = new URLSearchParams({ ...truth, speechMs: `${truth.speechMs}` });
  session
    .connect({ apiKey: "local", url: `ws://127.0.0.1:${realtimePort}/?${query}` })
    // The agent speaks first; a Realtime model does so when it is asked for a response.
    .then(() => transport.sendEvent({ type: "response.create" }))
    .catch(failed);
});
