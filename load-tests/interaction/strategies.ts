// What others put around a recogniser: rules on a voice-activity detector. Each runs in the pod behind the same bridge,
// with the same ears, dialogue and voice as the interaction model; only who decides about the floor is exchanged.
//   POD_MODEL_WRAPPER=/path/strategies.ts?strategy=timer-600 starts a pod that decides by this file.
import { DECISION_COUNT, DECISIONS, HOP_SAMPLES, type InteractionModel, type Slot } from "@sidetone/interaction-model";
import type { InferenceSession } from "onnxruntime-node";
import { SileroVad } from "./silero-vad.ts";

const HOP_MS = 40;
/** Silero's own default. */
const SPEECH_AT = 0.5;
/** Quiet after which a rule takes the floor unasked, if there is anything to say: a caller who is silent is spoken to. */
const NOBODY_SPEAKS_MS = 3_000;
/** Speech this long interrupts a harness agent: Pipecat's default `start_secs` is 0.2. */
const INTERRUPT_AFTER_MS = 200;

export interface Rule {
  /** Silence after speech that ends a turn; infinite never begins. */
  endOfTurnMs: number;
  /** Speech over the agent that makes it yield; infinite never yields. */
  interruptMs: number;
}

export const STRATEGIES = {
  "timer-300": { endOfTurnMs: 300, interruptMs: INTERRUPT_AFTER_MS },
  "timer-600": { endOfTurnMs: 600, interruptMs: INTERRUPT_AFTER_MS },
  "timer-1000": { endOfTurnMs: 1_000, interruptMs: INTERRUPT_AFTER_MS },
  "always-yield": { endOfTurnMs: 600, interruptMs: 0 },
  "never-yield": { endOfTurnMs: 600, interruptMs: Number.POSITIVE_INFINITY },
  silent: { endOfTurnMs: Number.POSITIVE_INFINITY, interruptMs: Number.POSITIVE_INFINITY },
} as const satisfies Record<string, Rule>;
export type Strategy = keyof typeof STRATEGIES;

const BEGIN = DECISIONS.indexOf("begin");
const LISTEN = DECISIONS.indexOf("listen");
const HOLD = DECISIONS.indexOf("hold");
const YIELD = DECISIONS.indexOf("yield");

/** A rule's state for one call. */
export class RuleState {
  #speechMs = 0;
  #silenceMs = 0;
  #heardSince = false;

  /** The decision at one hop; pure in (state, inputs). */
  decide(rule: Rule, isSpeech: boolean, agentPlaying: boolean): number {
    if (isSpeech) {
      this.#speechMs += HOP_MS;
      this.#silenceMs = 0;
      this.#heardSince = true;
    } else {
      this.#silenceMs += HOP_MS;
      this.#speechMs = 0;
    }
    if (agentPlaying) {
      // Whatever was said before the agent took the floor has been answered.
      if (!isSpeech) this.#heardSince = false;
      return isSpeech && this.#speechMs >= rule.interruptMs ? YIELD : HOLD;
    }
    const afterMs = this.#heardSince ? rule.endOfTurnMs : Math.max(rule.endOfTurnMs, NOBODY_SPEAKS_MS);
    return this.#silenceMs >= afterMs ? BEGIN : LISTEN;
  }
}

/** Puts a rule in the place of the network's decisions; everything else is the network's. */
export async function wrapModel(inner: InteractionModel, strategy: Strategy): Promise<InteractionModel> {
  const rule = STRATEGIES[strategy];
  const session: InferenceSession = await SileroVad.loadSession();
  const slots = new Map<Slot, { vad: SileroVad; state: RuleState }>();
  const opened = (slot: Slot): Slot => {
    slots.set(slot, { vad: SileroVad.on(session), state: new RuleState() });
    return slot;
  };
  return {
    info: { ...inner.info, name: `${inner.info.name}+${strategy}`, version: `${inner.info.version}+${strategy}` },
    open: (seed) => opened(inner.open(seed)),
    async step(hops, outputs) {
      await inner.step(hops, outputs);
      const rows = Array.from({ length: hops.count }, (_, row) => row).filter((row) =>
        slots.has(hops.slots[row] ?? -1),
      );
      const calls = rows.flatMap((row) => slots.get(hops.slots[row] ?? -1) ?? []);
      const heard = rows.map((row) => hops.caller.subarray(row * HOP_SAMPLES, (row + 1) * HOP_SAMPLES));
      const probabilities = await SileroVad.stepAll(
        calls.map(({ vad }) => vad),
        heard,
      );
      for (const [i, row] of rows.entries()) {
        const isSpeech = (probabilities[i] ?? 0) >= SPEECH_AT;
        const decision = calls[i]?.state.decide(rule, isSpeech, hops.agentPlaying[row] === 1) ?? LISTEN;
        outputs.decision.fill(0, row * DECISION_COUNT, (row + 1) * DECISION_COUNT);
        outputs.decision[row * DECISION_COUNT + decision] = 1;
      }
    },
    snapshot: (slot) => inner.snapshot(slot),
    restore: (snapshot) => opened(inner.restore(snapshot)),
    close(slot) {
      slots.delete(slot);
      inner.close(slot);
    },
    dispose: () => inner.dispose(),
  };
}

/** The pod's hook: the strategy is named by the module's own query. */
export default function wrap(inner: InteractionModel): Promise<InteractionModel> {
  const strategy = new URL(import.meta.url).searchParams.get("strategy") ?? "";
  if (!Object.hasOwn(STRATEGIES, strategy)) {
    throw new RangeError(`strategy "${strategy}" is none of ${Object.keys(STRATEGIES).join(", ")}`);
  }
  return wrapModel(inner, strategy as Strategy);
}
