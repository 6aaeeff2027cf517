/**
 * The other contender: a Media Streams server over the Twilio transport of `@openai/agents-extensions`, as its
 * documentation wires it. It checks no signature, conceals no loss, paces nothing and keeps no tape.
 */
import { TwilioRealtimeTransportLayer } from "@openai/agents-extensions";
import { WebSocketServer } from "ws";

const model = process.env.MODEL_URL;
if (model === undefined) throw new Error("MODEL_URL names the model's socket.");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false }, () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : 0 });
});
server.on("connection", (socket) => {
  const transport = new TwilioRealtimeTransportLayer({ twilioWebSocket: socket });
  transport.on("error", (error) => process.stderr.write(`${JSON.stringify(error)}\n`));
  transport.connect({ apiKey: "local", url: model }).catch((error) => {
    process.stderr.write(`${error}\n`);
    socket.close();
  });
});
