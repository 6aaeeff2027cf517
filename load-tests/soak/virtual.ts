import { join } from "node:path";
import { startStack } from "../stack.ts";
import type { Soaked, SoakOptions } from "./soak-results.ts";
import type { SoakState } from "./state.ts";
import { Watch } from "./watch.ts";

const LOOK_EVERY_MS = 100;
/** A two-hour soak on a slow and busy machine. */
const AT_MOST_MS = 3 * 3_600_000;
/** Event-loop resources that come and go by themselves. */
const RESOURCES_MORE = 3;
const PLAYBOOKS = ["bench-open", "bench-order", "bench-talk"];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Two hours as fast as the machine allows: the bridge and its callers on a virtual clock, everything else as it is. */
export async function soakOnVirtualClock({ minutes, calls, samples }: SoakOptions): Promise<Soaked> {
  const beganMs = performance.now();
  const stack = await startStack({
    podEnv: { POD_CAPACITY: String(calls * 4), POD_AWAIT_SPEECH: "1" },
    bridgeProgram: ["--expose-gc", join(import.meta.dirname, "virtual-bridge.ts")],
    bridgeEnv: {
      SOAK_MINUTES: String(minutes),
      SOAK_CALLS: String(calls),
      SOAK_SAMPLES: String(samples),
      SOAK_PLAYBOOKS: PLAYBOOKS.join(","),
    },
    playbooks: PLAYBOOKS.map((id) => join(import.meta.dirname, "..", "interaction", "playbooks", `${id}.yaml`)),
    worker: true,
  });
  try {
    const { bridge } = stack.processes;
    if (!bridge) throw new Error("the stack has no bridge");
    const watch = new Watch(stack);
    const states: SoakState[] = [];
    while (states.at(-1)?.kind !== "ended") {
      if (!bridge.running || performance.now() - beganMs > AT_MOST_MS)
        throw new Error(`the soak broke off:\n${bridge.output}`);
      const told = bridge.output.split("\n").filter((line) => line.startsWith("SOAK "));
      for (const line of told.slice(states.length)) {
        const state = JSON.parse(line.slice(5)) as SoakState;
        states.push(state);
        if (state.kind === "ran") watch.sample(state.minutes, { "bridge, heap": state.heapBytes });
        // The first sample's processes have answered calls: connections, pools and consumers are up.
        if (states.length === 2) await watch.begin();
      }
      await pause(LOOK_EVERY_MS);
    }
    const [, warm = states[0]] = states;
    const last = states.at(-1);
    if (!warm || !last) throw new Error("the soak said nothing");
    const left = [...(await watch.end(last.ended)), ...leftInBridge(warm, last)];
    const remarks = [
      ...watch.remarks,
      `${last.lateReplies} replies of the pod were not waited for`,
      `${last.notices} notices by the carrier`,
      "The bridge's process holds the callers, too: their memory is in its figures.",
    ];
    const tookS = (performance.now() - beganMs) / 1_000;
    return { placed: last.placed, ended: last.ended, tookS, memory: watch.memory, left, remarks };
  } finally {
    await stack.close();
  }
}

function leftInBridge(warm: SoakState, last: SoakState): string[] {
  const left: string[] = [];
  if (last.liveCalls > 0) left.push(`bridge: ${last.liveCalls} calls are still on a pod`);
  if (last.ended < last.placed) left.push(`bridge: ${last.placed - last.ended} calls never ended`);
  if (last.listeners > warm.listeners) left.push(`bridge: ${last.listeners - warm.listeners} listeners on the process`);
  for (const [kind, count] of Object.entries(last.resources)) {
    const before = warm.resources[kind] ?? 0;
    if (count > before + RESOURCES_MORE) left.push(`bridge: ${count} handles of ${kind}, ${before} before`);
  }
  left.push(...last.warnings.map((warning) => `bridge: ${warning}`));
  return left;
}
