import { stream, voice } from "@livekit/agents";
import { AudioFrame, AudioResampler } from "@livekit/rtc-node";
import { encodeUlaw } from "@sidetone/audio";
import { realClock } from "@sidetone/platform";
import type { WebSocket } from "ws";
import { toLinear } from "./voice.ts";

const LINE_HZ = 8_000;
/** What a room hands an agent by default. */
const AGENT_HZ = 24_000;
const FRAME_BYTES = 160;
const FRAME_MS = 20;
/** How far ahead of real time audio is handed to the carrier. */
const LEAD_MS = 100;

/** The caller's side of a Media Streams socket as a session's audio input. */
export class StreamInput extends voice.AudioInput {
  readonly #channel = stream.createStreamChannel<AudioFrame>();
  readonly #resampler = new AudioResampler(LINE_HZ, AGENT_HZ, 1);
  #closed = false;

  constructor() {
    super();
    this.multiStream.addInputStream(this.#channel.stream());
  }

  push(muLaw: Uint8Array): void {
    if (this.#closed) return;
    const samples = toLinear(muLaw);
    for (const frame of this.#resampler.push(new AudioFrame(samples, LINE_HZ, 1, samples.length))) {
      void this.#channel.write(frame);
    }
  }

  override async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#channel.close();
    await super.close();
  }
}

/** A session's audio output, paced onto a Media Streams socket; it can be paused, so that a false interruption resumes. */
export class StreamOutput extends voice.AudioOutput {
  readonly #socket: WebSocket;
  readonly #stop: () => void;
  #streamSid = "";
  /** mu-law that was not handed over yet. */
  #waiting: Buffer = Buffer.alloc(0);
  /** The last of what was handed over, for taking back what the caller will not hear. */
  #sent: Buffer = Buffer.alloc(0);
  #sentUntilMs = 0;
  /** Of the segment that is being captured or played. */
  #segmentBytes = 0;
  #flushed = false;
  #started = false;
  #paused = false;

  constructor(socket: WebSocket) {
    super(LINE_HZ, undefined, { pause: true });
    this.#socket = socket;
    this.#stop = realClock.every(FRAME_MS, () => this.#beat());
  }

  open(streamSid: string): void {
    this.#streamSid = streamSid;
  }

  close(): void {
    this.#stop();
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await super.captureFrame(frame);
    const muLaw = new Uint8Array(frame.data.length);
    encodeUlaw(frame.data, muLaw);
    this.#waiting = Buffer.concat([this.#waiting, muLaw]);
    this.#segmentBytes += muLaw.length;
    this.#flushed = false;
  }

  override flush(): void {
    super.flush();
    this.#flushed = true;
  }

  clearBuffer(): void {
    if (this.#segmentBytes === 0) return;
    const unheard = this.#takeBack();
    const played = this.#segmentBytes - this.#waiting.length - unheard.length;
    this.#waiting = Buffer.alloc(0);
    this.#finish(played, true);
  }

  override pause(): void {
    super.pause();
    if (this.#paused) return;
    this.#paused = true;
    this.#waiting = Buffer.concat([this.#takeBack(), this.#waiting]);
  }

  override resume(): void {
    super.resume();
    this.#paused = false;
  }

  /** Clears the carrier's buffer and returns what was in it. */
  #takeBack(): Buffer {
    const aheadMs = Math.max(0, this.#sentUntilMs - performance.now());
    if (aheadMs > 0) this.#send({ event: "clear", streamSid: this.#streamSid });
    this.#sentUntilMs = 0;
    const bytes = Math.min(this.#sent.length, Math.round(aheadMs * 8));
    const unheard = this.#sent.subarray(this.#sent.length - bytes);
    this.#sent = Buffer.alloc(0);
    return unheard;
  }

  #beat(): void {
    if (this.#streamSid === "" || this.#paused) return;
    const nowMs = performance.now();
    while (this.#waiting.length > 0 && this.#sentUntilMs < nowMs + LEAD_MS) {
      if (!this.#started) {
        this.#started = true;
        this.onPlaybackStarted(Date.now());
      }
      const frame = this.#waiting.subarray(0, FRAME_BYTES);
      this.#waiting = this.#waiting.subarray(frame.length);
      this.#send({ event: "media", streamSid: this.#streamSid, media: { payload: frame.toString("base64") } });
      this.#sent = Buffer.concat([this.#sent, frame]).subarray(-LEAD_MS * 16);
      this.#sentUntilMs = Math.max(this.#sentUntilMs, nowMs) + frame.length / 8;
    }
    if (this.#flushed && this.#segmentBytes > 0 && this.#waiting.length === 0 && nowMs >= this.#sentUntilMs) {
      this.#finish(this.#segmentBytes, false);
    }
  }

  #finish(playedBytes: number, interrupted: boolean): void {
    this.#segmentBytes = 0;
    this.#flushed = false;
    this.#started = false;
    this.#paused = false;
    this.onPlaybackFinished({ playbackPosition: Math.max(0, playedBytes) / LINE_HZ, interrupted });
  }

  #send(message: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
