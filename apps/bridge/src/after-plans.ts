import type { Clock } from "@sidetone/platform";
import type { AfterCall } from "./call-info.ts";

/** Plans are asked for within seconds; what is older was never asked for. */
const KEEP_MS = 120_000;
/** A stream that breaks without a plan is attached again this often. */
const MAX_REATTACHMENTS = 2;

interface Plan {
  after: AfterCall | undefined;
  reattachments: number;
  untilMs: number;
}

/** What the carrier is to do once a call's socket is closed, by the carrier's call id. */
export class AfterPlans {
  readonly #clock: Clock;
  readonly #plans = new Map<string, Plan>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(carrierCallId: string, after: AfterCall): void {
    this.#put(carrierCallId, { after, reattachments: this.#plans.get(carrierCallId)?.reattachments ?? 0 });
  }

  /** Takes the plan. Without one the stream broke: it is attached again, but not for ever. */
  take(carrierCallId: string): AfterCall | { kind: "reattach" } {
    const plan = this.#plans.get(carrierCallId);
    if (plan?.after) {
      this.#put(carrierCallId, { after: undefined, reattachments: plan.reattachments });
      return plan.after;
    }
    const reattachments = (plan?.reattachments ?? 0) + 1;
    if (reattachments > MAX_REATTACHMENTS) return { kind: "fallback" };
    this.#put(carrierCallId, { after: undefined, reattachments });
    return { kind: "reattach" };
  }

  /** What the carrier has not asked for yet. */
  pending(carrierCallId: string): AfterCall | undefined {
    return this.#plans.get(carrierCallId)?.after;
  }

  /** The carrier says that the call is over. */
  forget(carrierCallId: string): void {
    this.#plans.delete(carrierCallId);
  }

  #put(carrierCallId: string, plan: Omit<Plan, "untilMs">): void {
    const nowMs = this.#clock.nowMs();
    for (const [id, old] of this.#plans) {
      if (old.untilMs > nowMs) break;
      this.#plans.delete(id);
    }
    // Put last again, so that the oldest stay first.
    this.#plans.delete(carrierCallId);
    this.#plans.set(carrierCallId, { ...plan, untilMs: nowMs + KEEP_MS });
  }
}
