import type { Logger } from "@sidetone/platform";
import { CallHistory } from "./call-history.ts";
import type { PodCall, PodLink } from "./pod-link.ts";

/** Failures in a row, without a hop answered between, after which a call is given up. */
const MAX_PLACEMENTS = 8;
/** How often a call without a pod looks for one. */
const PLACE_EVERY_MS = 100;

export interface PodSeatOptions {
  call: PodCall;
  log: Logger;
  model: string;
  choosePod: (model: string) => PodLink | undefined;
  nowMs: () => number;
  /** How long a call may be without a pod. */
  recoveryMs: number;
  /** State that the call brings along from an earlier stream. */
  resume: { state: unknown } | undefined;
  /** Makes the `opened` input, and puts it on the tape. */
  opened: (resume: { state: unknown } | undefined) => string;
  /** The call goes on at another pod, or at the same one anew; its epochs are another count now. */
  moved: (fromPod: string, toPod: string) => void;
  /** No pod takes the call. */
  gaveUp: (lostForMs: number) => void;
}

/**
 * Where a call sits: its pod, what went there, and what a next one needs to go on. When the pod is lost, another is
 * opened from the newest snapshot and given every hop and input since, so that it has heard what the first one heard.
 */
export class PodSeat {
  readonly #options: PodSeatOptions;
  readonly #history = new CallHistory();
  #link: PodLink | undefined;
  #handle = 0;
  #placements = 0;
  #placeAtMs = 0;
  #lostAtMs = Number.NaN;
  #lostPod = "";
  #answered = false;
  /** Hops that the pod's unsent tick holds of this call. */
  #unsentHops = 0;

  constructor(options: PodSeatOptions) {
    this.#options = options;
  }

  get podId(): string {
    return this.#link?.id ?? "";
  }

  /** Sits down for the first time; false when no pod takes the call. */
  open(): boolean {
    const link = this.#options.choosePod(this.#options.model);
    if (!link) return false;
    this.#sit(link, this.#options.resume);
    return true;
  }

  /** Call it first on every tick: looks for a pod when there is none. */
  tick(nowMs: number): void {
    this.#unsentHops = 0;
    if (!this.#link) this.#look(nowMs);
  }

  addHop(hop: number, caller: Uint8Array, agent: Uint8Array, epoch: number, samples: number, concealed: number): void {
    this.#history.putHop(hop, caller, agent, epoch, samples, concealed);
    this.#link?.batch.addHop(this.#handle, hop, caller, agent, epoch, samples, concealed);
    this.#unsentHops++;
  }

  /** Puts an input before hop `hop`, which is the next one. */
  addInput(hop: number, json: string): void {
    if (this.#unsentHops > 0) {
      // A tick's inputs come before all of its hops: hops that came before this input must leave first.
      this.#link?.send(this.#options.nowMs());
      this.#unsentHops = 0;
    }
    this.#history.putInput(hop, json);
    this.#link?.batch.addInput(this.#handle, json);
  }

  /** Keeps a snapshot output, as its text. */
  putSnapshot(json: string): void {
    this.#history.putSnapshot(Number(/"hop":(\d+)/.exec(json.slice(0, 64))?.[1] ?? -1), json);
  }

  /** What a later stream of the same call may resume from. */
  get resume(): { state: unknown } | undefined {
    return this.#history.resume() ?? this.#options.resume;
  }

  /** The pod answered a hop: the call sits well. */
  answered(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#placements = 1;
    this.#lostAtMs = Number.NaN;
  }

  /** The pod is gone, or refused the call: looks for another at once. */
  lost(reason: string): void {
    const { log, nowMs } = this.#options;
    this.#lostPod = this.podId;
    this.leave();
    this.#placeAtMs = nowMs();
    if (Number.isNaN(this.#lostAtMs)) this.#lostAtMs = this.#placeAtMs;
    log.warn({ pod: this.#lostPod, reason }, "the call lost its pod");
    this.#look(this.#placeAtMs);
  }

  leave(): void {
    this.#link?.detach(this.#handle);
    this.#link = undefined;
  }

  #look(nowMs: number): void {
    if (nowMs < this.#placeAtMs) return;
    const { choosePod, model, recoveryMs, gaveUp } = this.#options;
    // A pod that refuses at once is not asked again within the same turn.
    this.#placeAtMs = nowMs + PLACE_EVERY_MS;
    const link = this.#placements < MAX_PLACEMENTS ? choosePod(model) : undefined;
    if (link) this.#sit(link, this.resume);
    else if (this.#placements >= MAX_PLACEMENTS || nowMs - this.#lostAtMs > recoveryMs) gaveUp(nowMs - this.#lostAtMs);
  }

  #sit(link: PodLink, resume: { state: unknown } | undefined): void {
    const isMove = this.#placements > 0;
    this.#placements++;
    this.#answered = false;
    this.#link = link;
    this.#handle = link.attach(this.#options.call);
    link.batch.addInput(this.#handle, this.#options.opened(resume));
    if (!isMove) return;
    this.#options.moved(this.#lostPod, link.id);
    const send = () => link.send(this.#options.nowMs());
    this.#history.replay(this.#handle, link.batch, send);
    // Replayed hops leave at once: an input that comes before the next hop must not overtake them.
    send();
  }
}
