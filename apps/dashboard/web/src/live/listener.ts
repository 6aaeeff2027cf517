import captureUrl from "../phone/capture.worklet.ts?worker&url";
import type { PlayoutOptions } from "../phone/playout.worklet.ts";
import playoutUrl from "../phone/playout.worklet.ts?worker&url";

const HOP_BYTES = 320;
const HEAD_BYTES = 8;
const BLOCK_BYTES = HEAD_BYTES + 2 * HOP_BYTES;

/** Hops come every 40 ms, two or three at once on an uneven way; beyond that the listener catches up. */
const LATENESS: PlayoutOptions = { maxQueuedMs: 160, keptQueuedMs: 60 };

/** Hears a live call, caller on the left and agent on the right, and speaks into it once taken over. */
export class Listener {
  readonly #context = new AudioContext({ latencyHint: "interactive" });
  readonly #socket: WebSocket;
  #sides: AudioWorkletNode[] = [];
  #microphone: MediaStream | undefined;
  #capture: AudioWorkletNode | undefined;

  constructor(callId: string, onEnd: (reason: string) => void) {
    const origin = location.origin.replace(/^http/, "ws");
    this.#socket = new WebSocket(`${origin}/api/live/${encodeURIComponent(callId)}/audio`);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onclose = (event) => {
      this.close();
      onEnd(event.reason);
    };
    void this.#start();
  }

  async #start(): Promise<void> {
    await this.#context.audioWorklet.addModule(playoutUrl);
    this.#sides = [-0.6, 0.6].map((pan) => {
      const node = new AudioWorkletNode(this.#context, "sidetone-playout", {
        numberOfInputs: 0,
        outputChannelCount: [1],
        processorOptions: LATENESS,
      });
      const panner = new StereoPannerNode(this.#context, { pan });
      node.connect(panner).connect(this.#context.destination);
      return node;
    });
    this.#socket.onmessage = (message: MessageEvent<ArrayBuffer>) => {
      const bytes = new Uint8Array(message.data);
      for (let at = 0; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) {
        const caller = bytes.slice(at + HEAD_BYTES, at + HEAD_BYTES + HOP_BYTES);
        const agent = bytes.slice(at + HEAD_BYTES + HOP_BYTES, at + BLOCK_BYTES);
        this.#sides[0]?.port.postMessage({ frame: caller });
        this.#sides[1]?.port.postMessage({ frame: agent });
      }
    };
  }

  /** Sends the microphone; the server passes it on only while this person has the call. */
  async speak(): Promise<void> {
    this.#microphone ??= await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, autoGainControl: true, channelCount: 1 },
    });
    if (this.#capture) return;
    await this.#context.audioWorklet.addModule(captureUrl);
    const capture = new AudioWorkletNode(this.#context, "sidetone-capture", { numberOfOutputs: 0 });
    this.#context.createMediaStreamSource(this.#microphone).connect(capture);
    capture.port.onmessage = (message: MessageEvent<{ frame: Uint8Array<ArrayBuffer> }>) => {
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message.data.frame);
    };
    this.#capture = capture;
  }

  stopSpeaking(): void {
    for (const track of this.#microphone?.getTracks() ?? []) track.stop();
    this.#microphone = undefined;
    this.#capture?.disconnect();
    this.#capture?.port.close();
    this.#capture = undefined;
  }

  close(): void {
    this.stopSpeaking();
    if (this.#socket.readyState <= WebSocket.OPEN) this.#socket.close();
    if (this.#context.state !== "closed") void this.#context.close();
  }
}
