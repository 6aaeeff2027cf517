import { SidetoneError } from "@sidetone/platform";
import { BRIDGE_INBOX_MAX_LENGTH, BridgeCommand, bridgeInboxStream } from "@sidetone/protocol";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";
import { listenIn } from "../live/listen-in.ts";
import type { LiveCall } from "../live/live-call.ts";
import { FLUSH_MS, LIST_EVERY, TabRequest, TabSocket } from "../live/tab-socket.ts";
import { seesPlainText } from "../masking.ts";

const Params = z.object({ id: z.string().min(1).max(200) });
const Done = z.object({ done: z.literal(true) });
const Summary = z.object({ id: z.string() }).catchall(z.unknown());

/** Calls in progress: seeing them, hearing them, steering them. */
export function liveRoutes(app: Api, context: DashboardContext): void {
  const { liveCalls, redis, database, mask } = context;
  const tabs = new Set<TabSocket>();
  let flushes = 0;
  const flusher = setInterval(() => {
    const withList = flushes++ % LIST_EVERY === 0;
    for (const tab of tabs) tab.flush(withList);
  }, FLUSH_MS);
  flusher.unref();
  app.addHook("onClose", async () => clearInterval(flusher));

  const find = (id: string): LiveCall => {
    const call = liveCalls.get(id);
    if (!call) throw new SidetoneError("NOT_FOUND", "This call is not live.");
    return call;
  };

  app.get(
    "/api/live",
    {
      schema: {
        tags: ["Live"],
        summary: "Every call in progress",
        response: { 200: z.object({ calls: z.array(Summary), caughtUp: z.boolean() }) },
      },
    },
    async (request) => {
      const plain = seesPlainText(who(request).role);
      const calls = [...liveCalls.all()].map(({ summary }) => ({
        ...(plain ? summary : mask.liveSummary(summary, liveCalls.secretsOf(summary.id))),
      }));
      return { calls, caughtUp: context.feed.caughtUp };
    },
  );

  app.get(
    "/api/live/:id",
    {
      schema: { tags: ["Live"], summary: "One call in progress", params: Params, response: { 200: z.unknown() } },
    },
    async (request) => {
      const call = find(request.params.id);
      return seesPlainText(who(request).role) ? call : mask.liveCall(call, liveCalls.secretsOf(call.summary.id));
    },
  );

  app.get("/api/socket", { websocket: true, schema: { hide: true } }, (socket, request) => {
    const tab = new TabSocket(socket, liveCalls, who(request).role, mask);
    const unfollow = liveCalls.follow(tab);
    tabs.add(tab);
    socket.on("message", (data) => {
      const parsed = TabRequest.safeParse(jsonOf(String(data)));
      if (parsed.success) tab.request(parsed.data);
      else socket.close(1008, "unknown request");
    });
    socket.on("close", () => {
      unfollow();
      tabs.delete(tab);
    });
    socket.on("error", (error) => context.log.debug({ err: { message: error.message } }, "a tab's socket failed"));
  });

  app.get("/api/live/:id/audio", { websocket: true, schema: { hide: true, params: Params } }, (socket, request) => {
    const identity = who(request);
    const call = liveCalls.get((request.params as { id: string }).id);
    if (!call) return socket.close(1008, "This call is not live.");
    void audit(database, request, "call.listen", call.summary.id);
    listenIn({
      socket,
      context,
      call,
      by: identity.name,
      maySpeak: identity.role === "admin" || identity.role === "supervisor",
    });
  });

  /** Asks the bridge that holds the call; audits; and says so on the call's own stream of events. */
  const command = async (callId: string, build: (by: string) => BridgeCommand, by: string): Promise<void> => {
    const call = find(callId);
    const json = JSON.stringify(BridgeCommand.parse(build(by)));
    try {
      await redis.xadd(
        bridgeInboxStream(call.summary.bridgeId),
        "MAXLEN",
        "~",
        BRIDGE_INBOX_MAX_LENGTH,
        "*",
        "json",
        json,
      );
    } catch (error) {
      throw new SidetoneError("REDIS_UNAVAILABLE", undefined, { cause: error });
    }
  };

  const steer = <B extends z.ZodType>(
    act: "whisper" | "take-over" | "hand-back" | "transfer" | "end",
    summary: string,
    body: B,
    build: (callId: string, by: string, body: z.output<B>) => BridgeCommand,
    detail: (body: z.output<B>) => string | undefined,
  ): void => {
    app.post(
      `/api/live/:id/${act}`,
      { schema: { tags: ["Live"], summary, params: Params, body, response: { 200: Done } } },
      async (request) => {
        const { id } = request.params as z.output<typeof Params>;
        const identity = who(request);
        const given = request.body as z.output<B>;
        await command(id, (by) => build(id, by, given), identity.name);
        await audit(database, request, `call.${act}`, id, detail(given));
        return { done: true as const };
      },
    );
  };

  const Nothing = z.object({});
  steer(
    "whisper",
    "Tell the agent something that the caller does not hear",
    z.object({ text: z.string().trim().min(1).max(2000) }),
    (callId, by, { text }) => ({ type: "input", callId, input: { type: "whispered", text, by } }),
    ({ text }) => text,
  );
  steer(
    "take-over",
    "Become the agent's voice",
    Nothing,
    (callId, by) => ({ type: "take-over", callId, by }),
    () => undefined,
  );
  steer(
    "hand-back",
    "Let the agent speak again",
    z.object({ note: z.string().trim().max(2000).optional() }),
    (callId, by, { note }) => ({ type: "hand-back", callId, by, ...(note && { note }) }),
    ({ note }) => note,
  );
  steer(
    "transfer",
    "Transfer the caller",
    z.object({ target: z.string().trim().min(1).max(200) }),
    (callId, by, { target }) => ({ type: "transfer", callId, by, target }),
    ({ target }) => target,
  );
  steer(
    "end",
    "End the call",
    Nothing,
    (callId, by) => ({ type: "end", callId, by }),
    () => undefined,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
