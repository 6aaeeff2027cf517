/** Reads the callers' frames with `ws` and does nothing at all with them: what no server on that library can go below. */
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false }, () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : 0 });
});
let bytes = 0;
server.on("connection", (socket) => {
  socket.on("message", (data: Buffer) => {
    bytes += data.length;
  });
});
process.on("exit", () => process.stderr.write(`${bytes} bytes read\n`));
