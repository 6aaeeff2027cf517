/** One contender in a process of its own, so that several may be measured side by side; `main.ts` starts it with a plan. */
import { once } from "node:events";
import { type Measurement, measure } from "./measure.ts";
import { type Plan, stimuliOf } from "./plan.ts";

const TELL_EVERY_MS = 30_000;

// Without the one who asked there is nobody to tell.
const leave = (): never => process.exit(1);
process.once("disconnect", leave);
const [plan] = (await once(process, "message")) as [Plan];
const stimuli = await stimuliOf(plan);
const beganMs = performance.now();
let toldMs = beganMs;
const measurement = await measure({
  ...plan,
  stimuli,
  progress(done) {
    if (performance.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = performance.now();
    process.stderr.write(
      `${plan.name}: ${done} of ${stimuli.length} calls in ${Math.round((toldMs - beganMs) / 1_000)} s\n`,
    );
  },
});
process.off("disconnect", leave);
process.send?.(measurement satisfies Measurement);
process.disconnect?.();
