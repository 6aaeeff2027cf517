import { decodeUlaw } from "@sidetone/audio";
import {
  DECISION_COUNT,
  DECISIONS,
  HOP_SAMPLES,
  type HopBatch,
  type InteractionModel,
  type OutputBatch,
  OVERLAP_COUNT,
  OVERLAP_KINDS,
  VOICE_COUNT,
} from "@sidetone/interaction-model";

const LOUD_RMS = 300;
/** Over the agent: ducked at once, and after 120 ms the caller has the floor. */
const TAKES_FLOOR_HOPS = 4;
/** After the caller: 320 ms of quiet end a turn. */
const ENDS_TURN_HOPS = 8;

interface Ear {
  loudHops: number;
  quietHops: number;
  spoke: boolean;
}

/**
 * A module for `wrapper`: decides by the caller's level alone, so that manners can be tried with real speech whatever
 * the weights have learned. What it hears in words is still the network's.
 */
export default function ruled(inner: InteractionModel): InteractionModel {
  const ears = new Map<number, Ear>();
  const linear = new Int16Array(HOP_SAMPLES);
  const isLoud = (audio: Uint8Array, at: number): boolean => {
    decodeUlaw(audio.subarray(at, at + HOP_SAMPLES), linear);
    let sum = 0;
    for (const sample of linear) sum += sample * sample;
    return sum > LOUD_RMS * LOUD_RMS * HOP_SAMPLES;
  };
  const decide = (ear: Ear, playing: boolean): (typeof DECISIONS)[number] => {
    if (playing) return ear.loudHops >= TAKES_FLOOR_HOPS ? "yield" : ear.loudHops > 0 ? "duck" : "hold";
    return ear.spoke && ear.quietHops >= ENDS_TURN_HOPS ? "begin" : "listen";
  };
  return {
    info: inner.info,
    open: (seed) => inner.open(seed),
    async step(hops: HopBatch, outputs: OutputBatch): Promise<void> {
      await inner.step(hops, outputs);
      for (let row = 0; row < hops.count; row++) {
        const slot = hops.slots[row]!;
        const ear = ears.get(slot) ?? { loudHops: 0, quietHops: 0, spoke: false };
        ears.set(slot, ear);
        const loud = isLoud(hops.caller, row * HOP_SAMPLES);
        ear.loudHops = loud ? ear.loudHops + 1 : 0;
        ear.quietHops = loud ? 0 : ear.quietHops + 1;
        const playing = hops.agentPlaying[row] === 1;
        const decision = decide(ear, playing);
        ear.spoke = loud || (ear.spoke && decision !== "begin");
        outputs.decision.fill(0, row * DECISION_COUNT, (row + 1) * DECISION_COUNT);
        outputs.decision[row * DECISION_COUNT + DECISIONS.indexOf(decision)] = 1;
        outputs.overlap.fill(0, row * OVERLAP_COUNT, (row + 1) * OVERLAP_COUNT);
        const kind = loud && playing ? "floor-taking" : "none";
        outputs.overlap[row * OVERLAP_COUNT + OVERLAP_KINDS.indexOf(kind)] = 1;
        outputs.voice[row * VOICE_COUNT] = loud ? 1 : 0;
      }
    },
    snapshot: (slot) => inner.snapshot(slot),
    restore: (snapshot) => inner.restore(snapshot),
    close(slot) {
      ears.delete(slot);
      inner.close(slot);
    },
    dispose: () => inner.dispose(),
  };
}
