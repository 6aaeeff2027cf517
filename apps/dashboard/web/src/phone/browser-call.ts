import { api, ask } from "../api/client.ts";
import captureUrl from "./capture.worklet.ts?worker&url";
import { decodeMuLaw, fromBase64, toBase64 } from "./mu-law.ts";
import playoutUrl from "./playout.worklet.ts?worker&url";
import type { SampleCaller } from "./samples.ts";

export type CallState = "idle" | "connecting" | "talking" | "ended";

export interface BrowserCallEvents {
  onState(state: CallState, reason?: string): void;
  /** Peak of 20 ms of one side, 0..1. */
  onPeak(who: "caller" | "agent", peak: number): void;
}

/** Quieter than this is silence, for telling when the agent has finished. */
const AGENT_SOUND = 0.02;
const FRAME_MS = 20;

/**
 * A call from the browser. It speaks Twilio's Media Streams to the bridge exactly as the carrier does:
 * numbered messages, 20 ms mu-law frames, marks echoed when their sound was played, `clear` at once.
 */
export class BrowserCall {
  readonly #events: BrowserCallEvents;
  readonly #context = new AudioContext({ latencyHint: "interactive" });
  readonly #streamSid = `MZ${crypto.randomUUID().replaceAll("-", "")}`;
  #socket: WebSocket | undefined;
  #capture: AudioWorkletNode | undefined;
  #playout: AudioWorkletNode | undefined;
  #microphone: MediaStream | undefined;
  #sequence = 0;
  #chunk = 0;
  #state: CallState = "idle";
  #agentQuietMs = 0;
  #agentLoudMs = 0;
  #agentHasSpoken = false;
  callId: string | undefined;

  constructor(events: BrowserCallEvents) {
    this.#events = events;
  }

  /** Calls, with the microphone or as a sample caller. */
  async start(options: { playbookId?: string; playbookVersion?: number; sample?: SampleCaller }): Promise<void> {
    this.#become("connecting");
    try {
      // The microphone first: nobody should pick up before the caller may be heard.
      if (!options.sample) {
        this.#microphone = await navigator.mediaDevices.getUserMedia({
          audio: { echoCancellation: true, noiseSuppression: false, autoGainControl: true, channelCount: 1 },
        });
      }
      const { streamUrl, token, callId, parameters } = await ask(
        api.POST("/api/phone", {
          body: {
            ...(options.playbookId && { playbookId: options.playbookId }),
            ...(options.playbookVersion !== undefined && { playbookVersion: options.playbookVersion }),
          },
        }),
      );
      this.callId = callId;
      await this.#context.resume();
      await Promise.all([
        this.#context.audioWorklet.addModule(captureUrl),
        this.#context.audioWorklet.addModule(playoutUrl),
      ]);
      this.#wire();
      await this.#connect(streamUrl, parameters ?? { token });
      this.#become("talking");
      if (options.sample) void this.#perform(options.sample);
    } catch (error) {
      this.#finish(explain(error));
    }
  }

  #wire(): void {
    const capture = new AudioWorkletNode(this.#context, "sidetone-capture", { numberOfOutputs: 0 });
    const playout = new AudioWorkletNode(this.#context, "sidetone-playout", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    playout.connect(this.#context.destination);
    if (this.#microphone) this.#context.createMediaStreamSource(this.#microphone).connect(capture);
    capture.port.onmessage = (message: MessageEvent<{ frame: Uint8Array; peak: number }>) => {
      this.#sendFrame(message.data.frame);
      this.#events.onPeak("caller", message.data.peak);
    };
    playout.port.onmessage = (message: MessageEvent<{ mark?: string; peak?: number }>) => {
      const { mark, peak } = message.data;
      if (mark !== undefined) this.#send({ event: "mark", mark: { name: mark } });
      if (peak === undefined) return;
      this.#events.onPeak("agent", peak);
      if (peak > AGENT_SOUND) {
        this.#agentHasSpoken = true;
        this.#agentQuietMs = 0;
        this.#agentLoudMs += FRAME_MS;
      } else {
        this.#agentQuietMs += FRAME_MS;
        if (this.#agentQuietMs > 400) this.#agentLoudMs = 0;
      }
    };
    this.#capture = capture;
    this.#playout = playout;
  }

  #connect(streamUrl: string, parameters: Record<string, string>): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(streamUrl);
      this.#socket = socket;
      socket.onopen = () => {
        socket.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
        this.#send({
          event: "start",
          start: {
            streamSid: this.#streamSid,
            accountSid: "AC00000000000000000000000000000000",
            callSid: `CA${this.#streamSid.slice(2)}`,
            tracks: ["inbound"],
            customParameters: parameters,
            mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
          },
        });
        resolve();
      };
      socket.onmessage = (message) => this.#take(JSON.parse(String(message.data)));
      socket.onerror = () => reject(new Error("The line could not be opened."));
      socket.onclose = (event) => this.#finish(event.reason || "The call has ended.");
    });
  }

  #take(message: { event: string; media?: { payload: string }; mark?: { name: string } }): void {
    if (message.event === "media" && message.media) {
      const frame = fromBase64(message.media.payload);
      this.#playout?.port.postMessage({ frame });
    } else if (message.event === "mark" && message.mark) this.#playout?.port.postMessage({ mark: message.mark.name });
    else if (message.event === "clear") this.#playout?.port.postMessage({ clear: true });
  }

  #send(message: Record<string, unknown>): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#sequence++;
    this.#socket.send(
      JSON.stringify({ ...message, sequenceNumber: String(this.#sequence), streamSid: this.#streamSid }),
    );
  }

  #sendFrame(frame: Uint8Array): void {
    if (this.#state !== "talking") return;
    this.#chunk++;
    this.#send({
      event: "media",
      media: {
        track: "inbound",
        chunk: String(this.#chunk),
        timestamp: String((this.#chunk - 1) * FRAME_MS),
        payload: toBase64(frame),
      },
    });
  }

  press(digit: string): void {
    this.#send({ event: "dtmf", dtmf: { track: "inbound_track", digit } });
  }

  mute(muted: boolean): void {
    this.#capture?.port.postMessage({ muted });
  }

  /** Says a sample's lines, each when the agent has finished, or into the agent's speech. */
  async #perform(sample: SampleCaller): Promise<void> {
    for (const step of sample.steps) {
      await this.#until(() =>
        step.when === "agent-done"
          ? this.#agentHasSpoken && this.#agentQuietMs >= step.ms
          : this.#agentLoudMs >= step.ms,
      );
      if (this.#state !== "talking") return;
      await this.#say(await this.#load(step.file));
      this.#agentHasSpoken = false;
      this.#agentQuietMs = 0;
    }
    await this.#until(() => this.#agentHasSpoken && this.#agentQuietMs >= 2_500);
    this.hangUp("The sample caller has hung up.");
  }

  #until(ready: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (ready() || this.#state !== "talking") resolve();
        else setTimeout(look, FRAME_MS);
      };
      look();
    });
  }

  async #load(file: string): Promise<AudioBuffer> {
    const response = await fetch(`/samples/${file}`);
    if (!response.ok) throw new Error(`The sample ${file} is missing.`);
    const codes = new Uint8Array(await response.arrayBuffer());
    const buffer = this.#context.createBuffer(1, Math.max(1, codes.length), 8_000);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < codes.length; i++) samples[i] = decodeMuLaw(codes[i] as number);
    return buffer;
  }

  /** Plays into the line and, more quietly, to the person who watches. */
  #say(buffer: AudioBuffer): Promise<void> {
    return new Promise((resolve) => {
      const source = this.#context.createBufferSource();
      source.buffer = buffer;
      const monitor = this.#context.createGain();
      monitor.gain.value = 0.6;
      if (this.#capture) source.connect(this.#capture);
      source.connect(monitor).connect(this.#context.destination);
      source.onended = () => resolve();
      source.start();
    });
  }

  hangUp(reason = "You hung up."): void {
    this.#send({
      event: "stop",
      stop: { accountSid: "AC00000000000000000000000000000000", callSid: `CA${this.#streamSid.slice(2)}` },
    });
    this.#finish(reason);
  }

  #finish(reason: string): void {
    if (this.#state === "ended") return;
    this.#become("ended", reason);
    this.#socket?.close();
    for (const track of this.#microphone?.getTracks() ?? []) track.stop();
    if (this.#context.state !== "closed") void this.#context.close();
  }

  #become(state: CallState, reason?: string): void {
    this.#state = state;
    this.#events.onState(state, reason);
  }
}

function explain(error: unknown): string {
  if (error instanceof DOMException && error.name === "NotAllowedError")
    return "The browser was not allowed to use the microphone. Allow it in the address bar, or pick a sample caller.";
  if (error instanceof DOMException && error.name === "NotFoundError")
    return "There is no microphone. Plug one in, or pick a sample caller.";
  return error instanceof Error ? error.message : "The call could not be placed.";
}
