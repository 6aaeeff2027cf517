/**
 * A rival: a complete `AgentSession` of `@livekit/agents` over custom audio input and output, with what it brings along:
 * its voice-activity detector, its local turn detector, its interruption handling with resumption, all at their defaults.
 * Recogniser, model and voice are local: the same words in the same voice as everybody. Its model licence allows the
 * detector's use within LiveKit Agents only, and nothing that comes out of it may go into training.
 */
import { InferenceRunner, inference, initializeLogger, voice } from "@livekit/agents";
import type { WebSocket } from "ws";
import { SileroVad } from "../silero-vad.ts";
import { ScriptedModel, ScriptedVoice, ToldWords } from "./livekit-parts.ts";
import { StreamInput, StreamOutput } from "./livekit-stream.ts";
import { onKeys, portOf, serveMedia } from "./media-server.ts";
import { Script } from "./script.ts";
import type { Truth } from "./truths.ts";
import { AgentVoice } from "./voice.ts";

interface InferenceProcess {
  start(): Promise<void>;
  initialize(): Promise<void>;
  doInference(method: string, data: unknown): Promise<unknown>;
  close(): Promise<void>;
}

initializeLogger({ pretty: false, level: process.env.RIVAL_LOG ?? "error" });
// The process in which the framework's own server runs its detector, started as that server starts it; the class is not
// among the exports.
const framework = import.meta.resolve("@livekit/agents");
InferenceRunner.registerRunner("lk_eot_audio", new URL("./inference/eot/runner.js", framework).href);
const executorUrl = new URL("./ipc/inference_proc_executor.js", framework);
const { InferenceProcExecutor } = (await import(executorUrl.href)) as {
  InferenceProcExecutor: { createIfNeeded(): InferenceProcess | undefined };
};
const executor = await startDetector();

const [vad, agentVoice] = await Promise.all([SileroVad.loadSession(), AgentVoice.start()]);

async function startDetector(): Promise<InferenceProcess> {
  const started = InferenceProcExecutor.createIfNeeded();
  if (!started) throw new Error("the framework has registered no detector to run");
  await started.start();
  await started.initialize();
  return started;
}

async function talk(socket: WebSocket, truth: Truth): Promise<void> {
  const script = new Script(truth.number);
  const input = new StreamInput();
  const output = new StreamOutput(socket);
  const ears = new ToldWords(vad, truth);
  const session = new voice.AgentSession({
    stt: ears,
    llm: new ScriptedModel(script),
    tts: new ScriptedVoice(agentVoice),
    userAwayTimeout: script.silenceMs / 1_000,
    turnHandling: { turnDetection: new inference.TurnDetector({ version: "v1-mini", executor }) },
  });
  session.input.audio = input;
  session.output.audio = output;
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { event: string; media?: { payload: string }; streamSid?: string };
    if (message.event === "start") output.open(message.streamSid ?? "");
    if (message.event === "media") input.push(Buffer.from(message.media?.payload ?? "", "base64"));
  });
  onKeys(socket, (userInput) => session.generateReply({ userInput }));
  socket.on("close", () => {
    output.close();
    void input.close();
    void session.close();
  });
  session.on(voice.AgentSessionEventTypes.UserStateChanged, (event) => {
    // The session's timer outlives the session.
    if (event.newState === "away" && socket.readyState === socket.OPEN) session.say(script.stillThere);
  });
  session.on(voice.AgentSessionEventTypes.Error, (event) => {
    process.stderr.write(`${JSON.stringify(event.error)}\n`);
  });
  await session.start({ agent: new voice.Agent({ instructions: "Follow the script." }), record: false });
  session.say(script.opening);
}

serveMedia(portOf(process.env), (socket, truth) => {
  talk(socket, truth).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    socket.close();
  });
});
