import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Call } from "@sidetone/testkit";

/** Three frames too late, or an event loop that stood still for so long: moments are no longer where they were meant. */
const MOST_STARVED_FRAMES = 3;
const MOST_STANDSTILL_MS = 120;

/**
 * Waits for the end of a call, and says why nothing can be judged of it in time: the machine had none for it. Calls are
 * real time, and a machine that is busy with other things stalls them.
 */
export async function endedOrStalled(call: Call): Promise<string | undefined> {
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  await call.ended;
  loop.disable();
  const standstillMs = Math.round(loop.max / 1e6);
  const starved = call.streams.reduce((sum, { counts }) => sum + counts.starvedFrames, 0);
  if (starved <= MOST_STARVED_FRAMES && standstillMs <= MOST_STANDSTILL_MS) return undefined;
  return `the machine stalled: ${starved} frames too late, ${standstillMs} ms without a turn`;
}
