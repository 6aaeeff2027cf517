import { ULAW_SILENCE } from "@sidetone/audio";

/**
 * The carrier's side of our audio: bytes wait to be played, marks wait for the bytes before them.
 * A mark comes back when those bytes have been played to their end, or when they are cleared.
 */
export class PlayBuffer {
  readonly #pieces: Uint8Array[] = [];
  /** Bytes of the first piece that are gone. */
  #offset = 0;
  #marks: { name: string; at: number }[] = [];
  /** Positions in bytes since the stream began; `played` is what has left the speaker, `taken` what is in it. */
  #enqueued = 0;
  #taken = 0;
  #played = 0;

  /** Audio that waits, in ms; what `lead` bounds. */
  get waitingMs(): number {
    return (this.#enqueued - this.#taken) / 8;
  }

  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#enqueued += bytes.length;
  }

  mark(name: string): void {
    this.#marks.push({ name, at: this.#enqueued });
  }

  /** Drops what waits. What is in the speaker at this moment is heard to its end. */
  clear(): void {
    this.#pieces.length = 0;
    this.#offset = 0;
    this.#enqueued = this.#taken;
    for (const mark of this.#marks) mark.at = this.#played;
  }

  /** The names of marks whose audio is over, in order, each once. */
  reachedMarks(): string[] {
    const reached = this.#marks.findIndex(({ at }) => at > this.#played);
    return this.#marks.splice(0, reached === -1 ? this.#marks.length : reached).map(({ name }) => name);
  }

  /**
   * Plays the next frame into `out`, silence where there is no audio; the frame before it is over by now.
   * @returns how many bytes of audio went in
   */
  take(out: Uint8Array): number {
    this.#played = this.#taken;
    let written = 0;
    while (written < out.length) {
      const piece = this.#pieces[0];
      if (piece === undefined) break;
      const length = Math.min(piece.length - this.#offset, out.length - written);
      out.set(piece.subarray(this.#offset, this.#offset + length), written);
      written += length;
      this.#offset += length;
      if (this.#offset === piece.length) {
        this.#pieces.shift();
        this.#offset = 0;
      }
    }
    out.fill(ULAW_SILENCE, written);
    this.#taken += written;
    return written;
  }
}
