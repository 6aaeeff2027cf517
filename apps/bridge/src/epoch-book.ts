import type { HeardLedger } from "./heard-ledger.ts";

/** A pod epoch that is never current: for what an earlier pod's audio still plays. */
const FOREIGN_EPOCH = 0xffffffff;

/** A pod's epoch that is over, and how much of it the caller heard. */
export interface EndedEpoch {
  epoch: number;
  heardSamples: number;
}

/**
 * Translates between epochs. Ours only ever rise, at every clear; the pod counts its own, and another pod counts anew.
 * Says when an epoch that was cut off is over for the caller's ear.
 */
export class EpochBook {
  /** The pod's epoch now. */
  podEpoch = 0;
  #own = 0;
  readonly #pods = new Map<number, number>([[0, 0]]);
  readonly #ending: number[] = [];

  /** The pod's epoch is now `podEpoch`; returns the next of our own. */
  raise(podEpoch: number): number {
    this.#ending.push(this.#own);
    this.#own++;
    this.podEpoch = podEpoch;
    this.#pods.set(this.#own, podEpoch);
    return this.#own;
  }

  /** Another pod has the call: no epoch known so far is one of its own. */
  forgetPod(): void {
    for (const own of this.#pods.keys()) this.#pods.set(own, FOREIGN_EPOCH);
    this.podEpoch = FOREIGN_EPOCH;
  }

  /** What the pod calls the epoch that was heard last. */
  heard(ledger: HeardLedger): number {
    return this.#pods.get(ledger.heardEpoch) ?? FOREIGN_EPOCH;
  }

  /** The oldest cut-off epoch of which nothing can be heard any more; undefined when there is none. */
  nextEnded(ledger: HeardLedger): EndedEpoch | undefined {
    while (this.#ending.length > 0 && ledger.isOver(this.#own)) {
      const ending = this.#ending.shift()!;
      const epoch = this.#pods.get(ending) ?? FOREIGN_EPOCH;
      const heardSamples = ledger.heardOf(ending);
      for (const own of this.#pods.keys()) if (own !== ledger.heardEpoch && own < this.#own) this.#drop(own);
      if (epoch !== FOREIGN_EPOCH) return { epoch, heardSamples };
    }
    return undefined;
  }

  #drop(own: number): void {
    if (!this.#ending.includes(own)) this.#pods.delete(own);
  }
}
