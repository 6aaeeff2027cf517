import { ULAW_SILENCE, ulawLevelDbfs } from "@sidetone/audio";

/** One thing that a caller does, after the one before it. */
export type CallerStep =
  /** Says 8 kHz mu-law. */
  | { do: "speak"; audio: Uint8Array; label?: string }
  | { do: "pause"; ms: number }
  /** Waits until the agent has spoken and then been silent for `quietMs`, but never longer than `atMostMs`. */
  | { do: "listen"; quietMs: number; atMostMs: number }
  /** Waits until the agent has been speaking for `forMs`: the moment to talk over it. */
  | { do: "await-agent"; forMs: number; atMostMs: number }
  | { do: "press"; digits: string }
  | { do: "hang-up" };

export interface CallerActs {
  press(digit: string): void;
  hangUp(): void;
  /** A step begins; for those who watch. */
  began(step: CallerStep): void;
  /** The agent begins to speak, or has been silent for 200 ms; for those who watch. */
  agent?(speaks: boolean): void;
}

const FRAME_MS = 20;
const PRESS_MS = 120;
/** Above this the agent counts as speaking. */
const AGENT_SPEAKS_DBFS = -45;

/**
 * A person on the phone, driven frame by frame: no timers, so that the same script gives the same call every time.
 */
export class Caller {
  readonly #steps: readonly CallerStep[];
  readonly #acts: CallerActs;
  #index = -1;
  /** Frames spent in the current step. */
  #frames = 0;
  #quietMs = 0;
  #speakingMs = 0;
  /** Whether the agent has been heard since the current step began. */
  #agentSpoke = false;

  constructor(steps: readonly CallerStep[], acts: CallerActs) {
    this.#steps = steps;
    this.#acts = acts;
  }

  /** Everything has been done; from here on the caller is silent. */
  get done(): boolean {
    return this.#index >= this.#steps.length;
  }

  /** Hears 20 ms, then says the next 20 ms into `out`. */
  frame(heard: Uint8Array, out: Uint8Array): void {
    this.#hear(heard);
    out.fill(ULAW_SILENCE);
    for (;;) {
      if (this.#index === -1) this.#next();
      const step = this.#steps[this.#index];
      if (step === undefined) return;
      if (this.#carryOut(step, out)) return;
      this.#next();
    }
  }

  #hear(heard: Uint8Array): void {
    const speaks = ulawLevelDbfs(heard) > AGENT_SPEAKS_DBFS;
    this.#quietMs = speaks ? 0 : this.#quietMs + FRAME_MS;
    // A pause between two words does not end an utterance.
    const spoke = this.#speakingMs > 0;
    this.#speakingMs = speaks || (spoke && this.#quietMs < 200) ? this.#speakingMs + FRAME_MS : 0;
    if (spoke !== this.#speakingMs > 0) this.#acts.agent?.(!spoke);
    if (speaks) this.#agentSpoke = true;
  }

  /** Does the step's part in this frame. @returns false when the step was over before the frame */
  #carryOut(step: CallerStep, out: Uint8Array): boolean {
    const elapsedMs = this.#frames * FRAME_MS;
    switch (step.do) {
      case "speak": {
        const start = this.#frames * out.length;
        if (start >= step.audio.length) return false;
        out.set(step.audio.subarray(start, start + out.length));
        break;
      }
      case "pause":
        if (elapsedMs >= step.ms) return false;
        break;
      case "listen":
        if ((this.#agentSpoke && this.#quietMs >= step.quietMs) || elapsedMs >= step.atMostMs) return false;
        break;
      case "await-agent":
        if (this.#speakingMs >= step.forMs || elapsedMs >= step.atMostMs) return false;
        break;
      case "press": {
        const digit = step.digits[Math.floor(elapsedMs / PRESS_MS)];
        if (digit === undefined) return false;
        if (elapsedMs % PRESS_MS === 0) this.#acts.press(digit);
        break;
      }
      case "hang-up":
        this.#index = this.#steps.length;
        this.#acts.hangUp();
        return true;
    }
    this.#frames++;
    return true;
  }

  #next(): void {
    this.#index++;
    this.#frames = 0;
    // Silence that began earlier counts, speech does not: the agent has to answer what was just said.
    this.#agentSpoke = false;
    const step = this.#steps[this.#index];
    if (step !== undefined) this.#acts.began(step);
  }
}
