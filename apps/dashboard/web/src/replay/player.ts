/** Plays a call's two channels, each with a volume of its own; speed keeps the pitch. */
export class Player {
  readonly audio: HTMLAudioElement;
  #context: AudioContext | undefined;
  #gains: GainNode[] = [];
  readonly #muted = [false, false];

  constructor(url: string) {
    this.audio = new Audio();
    this.audio.preload = "metadata";
    this.audio.src = url;
    this.audio.preservesPitch = true;
  }

  /** Wires the channels on the first sound: browsers allow that only after somebody has pressed something. */
  #wire(): void {
    if (this.#context) return;
    const context = new AudioContext();
    const source = context.createMediaElementSource(this.audio);
    const split = context.createChannelSplitter(2);
    source.connect(split);
    this.#gains = [0, 1].map((channel) => {
      const gain = context.createGain();
      gain.gain.value = this.#muted[channel] ? 0 : 1;
      const pan = new StereoPannerNode(context, { pan: channel === 0 ? -0.35 : 0.35 });
      split.connect(gain, channel);
      gain.connect(pan).connect(context.destination);
      return gain;
    });
    this.#context = context;
  }

  get atMs(): number {
    return this.audio.currentTime * 1000;
  }

  seek(ms: number): void {
    this.audio.currentTime = Math.max(0, ms) / 1000;
  }

  async toggle(): Promise<void> {
    if (!this.audio.paused) {
      this.audio.pause();
      return;
    }
    this.#wire();
    await this.#context?.resume();
    await this.audio.play();
  }

  mute(channel: 0 | 1, muted: boolean): void {
    this.#muted[channel] = muted;
    const gain = this.#gains[channel];
    if (gain) gain.gain.value = muted ? 0 : 1;
  }

  close(): void {
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
    void this.#context?.close();
  }
}
