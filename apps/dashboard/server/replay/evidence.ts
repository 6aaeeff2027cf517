import { HOP_SAMPLES } from "@sidetone/protocol";
import { type AutoRule, FiguresOfCall } from "@sidetone/store";

const HOP_MS = 40;
/** Figure to the moment that it comes from, milliseconds. */
export type Evidence = Partial<Record<AutoRule["figure"], number>>;

/** Finds the moments that a call's figures come from, so that whoever doubts a score by rule can listen there. */
export class EvidenceFold {
  readonly #figures = new FiguresOfCall();
  readonly #found: Evidence = {};
  #slowestMs = -1;
  #slowestStopMs = -1;
  #cutIns = 0;
  #silenceMs = 0;

  yielded(): void {
    this.#figures.noteYield();
  }

  lost(atMs: number): void {
    this.#found.lost_hops ??= atMs;
  }

  hop(index: number, caller: Uint8Array, agent: Uint8Array): void {
    const change = this.#figures.hop(index, caller, agent);
    if (!change) return;
    const atMs = index * HOP_MS;
    const { respondedMs, fellSilentMs } = change;
    if (respondedMs !== undefined && respondedMs > this.#slowestMs) {
      this.#slowestMs = respondedMs;
      // From where the caller fell silent.
      this.#found.response_max_ms = Math.max(0, atMs - respondedMs);
      this.#found.response_p50_ms = this.#found.response_max_ms;
    }
    if (fellSilentMs !== undefined && fellSilentMs > this.#slowestStopMs) {
      this.#slowestStopMs = fellSilentMs;
      this.#found.stop_max_ms = Math.max(0, atMs - fellSilentMs);
    }
    const { cutIns, longestSilenceMs } = this.#figures.figures(0);
    if (cutIns > this.#cutIns) this.#found.cut_ins ??= atMs;
    this.#cutIns = cutIns;
    // A silence is over when somebody sounds, which is a change.
    if (longestSilenceMs > this.#silenceMs && (change.caller || change.agent))
      this.#found.longest_silence_ms = Math.max(0, atMs - longestSilenceMs);
    this.#silenceMs = longestSilenceMs;
  }

  /** Lookups are known by their tasks. */
  finish(tasks: readonly { steps: readonly { atMs: number }[]; endMs?: number | undefined }[]): Evidence {
    let longestMs = 0;
    for (const { steps, endMs } of tasks) {
      const startMs = steps[0]?.atMs;
      if (startMs === undefined || endMs === undefined || endMs - startMs <= longestMs) continue;
      longestMs = endMs - startMs;
      this.#found.longest_lookup_ms = startMs;
    }
    return this.#found;
  }

  /** Both channels of a stretch of hops, one after the other. */
  stretch(firstHop: number, hops: number, caller: Uint8Array, agent: Uint8Array): void {
    for (let i = 0; i < hops; i++) {
      const [from, to] = [i * HOP_SAMPLES, (i + 1) * HOP_SAMPLES];
      this.hop(firstHop + i, caller.subarray(from, to), agent.subarray(from, to));
    }
  }
}
