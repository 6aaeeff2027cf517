/**
 * The other contender: a Media Streams server over the Twilio transport of `@openai/agents-extensions`, wired as its
 * documentation wires it, with a RealtimeSession over the transport; or, with BARE set, the transport alone. It checks no
 * signature, conceals no loss, paces nothing and keeps no tape.
 */
import { RealtimeAgent, RealtimeSession } from "@openai/agents/realtime";
import { TwilioRealtimeTransportLayer } from "@openai/agents-extensions";
import { WebSocketServer } from "ws";

const model = process.env.MODEL_URL;
if (model === undefined) throw new Error("MODEL_URL names the model's socket.");
const isBare = process.env.BARE !== undefined;
const agent = new RealtimeAgent({ name: "Agent", instructions: "Speak." });

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false }, () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : 0 });
});
server.on("connection", (socket) => {
  const transport = new TwilioRealtimeTransportLayer({ twilioWebSocket: socket });
  const options = { apiKey: "local", url: model };
  const failed = (error: unknown): void => {
    process.stderr.write(`${error instanceof Error ? error.message : JSON.stringify(error)}\n`);
    socket.close();
  };
  if (isBare) {
    transport.on("error", failed);
    transport.connect(options).catch(failed);
    return;
  }
  const session = new RealtimeSession(agent, { transport, tracingDisabled: true });
  session.on("error", failed);
  session.connect(options).catch(failed);
});
