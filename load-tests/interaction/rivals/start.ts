import { join } from "node:path";
import { Carrier, freePort, TestProcess } from "@sidetone/testkit";
import type { Contender } from "../contenders.ts";
import { ASK_FOR_ORDER, QUESTIONS } from "../wordings.ts";

export const RIVALS = ["livekit-agents", "openai-realtime"] as const;
export type Rival = (typeof RIVALS)[number];

const READY_WITHIN_MS = 180_000;
const DESCRIPTIONS: Record<Rival, string> = {
  "livekit-agents": "@livekit/agents 1.9.0, AgentSession with its own VAD and turn-detector-v1-mini",
  "openai-realtime": "@openai/agents-extensions 0.18.0, TwilioRealtimeTransportLayer, local server_vad",
};

/** A rival as a process of its own, called over the same carrier protocol. It is told the caller's true words: perfect ears. */
export async function startRival(name: Rival): Promise<Contender> {
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const rival = await TestProcess.start(process.execPath, {
    args: [join(import.meta.dirname, `${name}.main.ts`)],
    env: { PORT: String(port) },
    readyUrl: `${baseUrl}/ready`,
    readyWithinMs: READY_WITHIN_MS,
  });
  void rival.exited.then(({ code, signal }) => {
    if (code !== 0 && signal !== "SIGTERM")
      process.stderr.write(`${name} died (${code ?? signal}):\n${rival.output}\n`);
  });
  const carrier = new Carrier({ accountSid: `AC${"0".repeat(32)}`, authToken: "unused", phases: 4 });
  return {
    line: {
      carrier,
      voiceUrl({ number, words, digits = "", speechMs = 0 }) {
        const prelude = number === "order" ? ASK_FOR_ORDER : number === "both" ? QUESTIONS[0] : "";
        const truth = new URLSearchParams({ number, words, prelude: prelude ?? "", digits, speechMs: `${speechMs}` });
        return `${baseUrl}/voice?${truth}`;
      },
    },
    model: DESCRIPTIONS[name],
    drive: (work) => work(),
    async close() {
      await carrier.close();
      await rival.stop();
    },
  };
}
