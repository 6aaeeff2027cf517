import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";

/** One answer of the model: text in pieces, or calls of tools. */
export type ModelTurn =
  | { say: string[]; pauseMs?: number }
  | { call: { name: string; arguments: unknown }[] }
  | { status: number };

export interface ModelRequest {
  messages: { role: string; content: unknown }[];
  tools?: { function: { name: string } }[];
  max_tokens?: number;
}

/** A server that speaks streamed Chat Completions as OpenAI documents them, from a script; wrong keys get a 401. */
export class ModelFixture {
  readonly requests: ModelRequest[] = [];
  script: (request: ModelRequest, n: number) => ModelTurn = () => ({ say: ["Hello."] });
  /** Connections that the client gave up. */
  abandoned = 0;
  readonly #server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    if (request.headers.authorization !== "Bearer key") {
      response.writeHead(401, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "Incorrect API key provided", type: "invalid_request_error" } }));
      return;
    }
    const body = JSON.parse(text) as ModelRequest & { stream?: boolean };
    this.requests.push(body);
    response.on("close", () => {
      if (!response.writableFinished) this.abandoned++;
    });
    await this.#answer(response, this.script(body, this.requests.length), body.stream === true);
  });

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}/v1`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(response: ServerResponse, turn: ModelTurn, stream: boolean): Promise<void> {
    if ("status" in turn) {
      response.writeHead(turn.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "overloaded", type: "server_error" } }));
      return;
    }
    const base = { id: "chatcmpl-1", created: 1, model: "test" };
    const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };
    if (!stream) {
      const content = "say" in turn ? turn.say.join("") : "";
      const choice = { index: 0, message: { role: "assistant", content }, finish_reason: "stop" };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...base, object: "chat.completion", choices: [choice], usage }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta: unknown, finish: string | null = null) => {
      const chunk = { ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] };
      response.write(`data: ${JSON.stringify(finish ? { ...chunk, usage } : chunk)}\n\n`);
    };
    send({ role: "assistant", content: "" });
    if ("say" in turn) {
      for (const piece of turn.say) {
        if (turn.pauseMs) await new Promise((resolve) => setTimeout(resolve, turn.pauseMs));
        send({ content: piece });
      }
      send({}, "stop");
    } else {
      const calls = turn.call.map(({ name, arguments: args }, index) => ({
        index,
        id: `call_${index}_${this.requests.length}`,
        type: "function",
        function: { name, arguments: JSON.stringify(args) },
      }));
      send({ tool_calls: calls });
      send({}, "tool_calls");
    }
    response.end("data: [DONE]\n\n");
  }
}
