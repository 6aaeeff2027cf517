import type { InferenceSession } from "onnxruntime-node";
import type { WebSocket } from "ws";
import { SileroVad } from "../silero-vad.ts";
import { type Heard, KnownWords } from "./ears.ts";
import { Script } from "./script.ts";
import type { Truth } from "./truths.ts";
import type { AgentVoice } from "./voice.ts";

/** `server_vad` of the Realtime API as documented, with its defaults. */
interface ServerVad {
  threshold: number;
  prefix_padding_ms: number;
  silence_duration_ms: number;
  create_response: boolean;
  interrupt_response: boolean;
  idle_timeout_ms?: number | null;
}
const DEFAULT_VAD: ServerVad = {
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 500,
  create_response: true,
  interrupt_response: true,
};
const FRAME_BYTES = 160;
/** A Realtime model's audio comes faster than it is spoken, in pieces of this size. */
const DELTA_BYTES = 1_600;

interface ClientEvent {
  type: string;
  audio?: string;
  item?: { content?: { text?: string }[] };
  session?: { audio?: { input?: { turn_detection?: Partial<ServerVad> | null } } };
}

export interface RealtimeParts {
  vad: InferenceSession;
  voice: AgentVoice;
  truth: Truth;
}

/**
 * One session of a local Realtime server: what the client needs of the protocol, silence detection on its own clock of
 * received audio, and a script in the place of a model.
 */
export class RealtimeServerSession {
  readonly #socket: WebSocket;
  readonly #voice: AgentVoice;
  readonly #vad: SileroVad;
  readonly #ears: KnownWords;
  readonly #script: Script;
  #settings = DEFAULT_VAD;
  #pending = Buffer.alloc(0);
  #chain: Promise<void> = Promise.resolve();
  #receivedMs = 0;
  #silenceMs = 0;
  #speaking = false;
  #heard = "";
  #response = 0;
  /** The response that is being made; what belongs to another one is not sent. */
  #active = 0;
  #opened = false;
  /** Media time until which what was sent takes to be heard. */
  #busyUntilMs = 0;
  #lastActivityMs = 0;
  #event = 0;

  constructor(socket: WebSocket, { vad, voice, truth }: RealtimeParts) {
    this.#socket = socket;
    this.#voice = voice;
    this.#vad = SileroVad.on(vad);
    this.#ears = new KnownWords(vad, truth);
    this.#script = new Script(truth.number);
    this.#settings = { ...DEFAULT_VAD, idle_timeout_ms: this.#script.silenceMs };
    socket.on("message", (data: Buffer) => this.#receive(JSON.parse(data.toString()) as ClientEvent));
    this.#send({ type: "session.created", session: { id: "local" } });
  }

  #receive(event: ClientEvent): void {
    switch (event.type) {
      case "session.update": {
        const asked = event.session?.audio?.input?.turn_detection;
        const named = Object.entries(asked ?? {}).filter(([, value]) => value !== undefined);
        this.#settings = { ...this.#settings, ...Object.fromEntries(named) };
        this.#send({ type: "session.updated", session: {} });
        break;
      }
      case "response.create":
        this.#respond(this.#opened ? this.#script.reply(this.#heard) : Promise.resolve(this.#script.opening));
        this.#heard = "";
        this.#opened = true;
        break;
      case "conversation.item.create":
        this.#heard = event.item?.content?.[0]?.text ?? "";
        break;
      case "response.cancel":
        this.#cancel();
        break;
      case "input_audio_buffer.append":
        this.#pending = Buffer.concat([this.#pending, Buffer.from(event.audio ?? "", "base64")]);
        // One frame after the other: the detector carries state.
        this.#chain = this.#chain.then(() => this.#listen());
        break;
      default:
        // conversation.item.truncate and the like change nothing that this bench hears.
        break;
    }
  }

  async #listen(): Promise<void> {
    while (this.#pending.length >= FRAME_BYTES) {
      const frame = this.#pending.subarray(0, FRAME_BYTES);
      this.#pending = this.#pending.subarray(FRAME_BYTES);
      const [probability = 0] = await SileroVad.stepAll([this.#vad], [frame]);
      const isSpeech = probability >= this.#settings.threshold;
      const heard: Heard | undefined = await this.#ears.hear(frame);
      if (heard?.type === "final") this.#heard = `${this.#heard} ${heard.text}`.trim();
      this.#receivedMs += FRAME_BYTES / 8;
      this.#detect(isSpeech);
    }
  }

  #detect(isSpeech: boolean): void {
    const { prefix_padding_ms, silence_duration_ms, interrupt_response, create_response, idle_timeout_ms } =
      this.#settings;
    if (isSpeech) {
      this.#silenceMs = 0;
      this.#lastActivityMs = this.#receivedMs;
      if (this.#speaking) return;
      this.#speaking = true;
      const audio_start_ms = Math.max(0, this.#receivedMs - prefix_padding_ms);
      this.#send({ type: "input_audio_buffer.speech_started", item_id: `caller-${this.#receivedMs}`, audio_start_ms });
      if (interrupt_response) this.#cancel();
      return;
    }
    this.#silenceMs += FRAME_BYTES / 8;
    if (this.#speaking && this.#silenceMs >= silence_duration_ms) {
      this.#speaking = false;
      this.#send({ type: "input_audio_buffer.speech_stopped", item_id: "caller", audio_end_ms: this.#receivedMs });
      this.#send({ type: "input_audio_buffer.committed", item_id: "caller", previous_item_id: null });
      const heard = this.#heard;
      this.#heard = "";
      if (create_response) this.#respond(this.#script.reply(heard));
      return;
    }
    const idleMs = this.#receivedMs - Math.max(this.#lastActivityMs, this.#busyUntilMs);
    if (!this.#speaking && this.#opened && this.#active === 0 && idle_timeout_ms && idleMs >= idle_timeout_ms) {
      this.#lastActivityMs = this.#receivedMs;
      this.#send({ type: "input_audio_buffer.timeout_triggered", item_id: "caller" });
      this.#respond(Promise.resolve(this.#script.stillThere));
    }
  }

  #cancel(): void {
    if (this.#active === 0) return;
    this.#send({
      type: "response.done",
      response: { id: `response-${this.#active}`, output: [], status: "cancelled" },
    });
    this.#active = 0;
  }

  #respond(said: Promise<string>): void {
    this.#cancel();
    const id = ++this.#response;
    this.#active = id;
    const response = { id: `response-${id}`, output: [], status: "in_progress" };
    this.#send({ type: "response.created", response });
    void said
      .then((text) => this.#voice.say(text))
      .then((muLaw) => this.#speak(id, muLaw))
      .catch((error: unknown) => this.#fail(error));
  }

  #speak(id: number, muLaw: Uint8Array): void {
    if (this.#active !== id) return;
    const part = { response_id: `response-${id}`, item_id: `item-${id}`, content_index: 0, output_index: 0 };
    for (let at = 0; at < muLaw.length; at += DELTA_BYTES) {
      const delta = Buffer.from(muLaw.subarray(at, at + DELTA_BYTES)).toString("base64");
      this.#send({ type: "response.output_audio.delta", ...part, delta });
    }
    this.#send({ type: "response.output_audio.done", ...part });
    this.#send({ type: "response.done", response: { id: part.response_id, output: [], status: "completed" } });
    this.#busyUntilMs = this.#receivedMs + muLaw.length / 8;
    this.#active = 0;
  }

  #fail(error: unknown): void {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    this.#socket.close(1011);
  }

  #send(event: object): void {
    this.#socket.send(JSON.stringify({ event_id: `event-${this.#event++}`, ...event }));
  }
}
