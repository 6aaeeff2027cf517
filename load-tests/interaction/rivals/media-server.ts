import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { type Truth, Truths } from "./truths.ts";

/** The carrier's side of a rival: `/voice` answers TwiML, `/media` takes the stream. */
export function serveMedia(port: number, onStream: (socket: WebSocket, truth: Truth) => void): void {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", `http://127.0.0.1:${port}`);
    if (url.pathname === "/ready") {
      response.end("ready");
      return;
    }
    const stream = `ws://127.0.0.1:${port}/media?${url.searchParams}`.replaceAll("&", "&amp;");
    response.setHeader("content-type", "text/xml");
    response.end(`<Response><Connect><Stream url="${stream}"/></Connect></Response>`);
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket, request) => {
    const url = new URL(request.url ?? "/", `http://127.0.0.1:${port}`);
    onStream(socket, Truths.parse(Object.fromEntries(url.searchParams)));
  });
  server.listen(port, "127.0.0.1");
}

export const portOf = (env: NodeJS.ProcessEnv): number => z.coerce.number().int().positive().parse(env.PORT);

const ORDER_DIGITS = 5;

/** Hears of an order number that was pressed, once it is whole; neither rival's transport takes keys by itself. */
export function onKeys(socket: WebSocket, pressed: (digits: string) => void): void {
  let digits = "";
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { event: string; dtmf?: { digit: string } };
    if (message.event !== "dtmf") return;
    digits += message.dtmf?.digit ?? "";
    if (digits.length < ORDER_DIGITS) return;
    pressed(Array.from(digits).join(" "));
    digits = "";
  });
}
