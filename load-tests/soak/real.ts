import { join } from "node:path";
import { type CallerStep, seededRandom, speak } from "@sidetone/testkit";
import { startStack } from "../stack.ts";
import type { Soaked, SoakOptions } from "./soak-results.ts";
import { Watch } from "./watch.ts";

const PLAYBOOKS = ["bench-open", "bench-order", "bench-talk"];
const CALL_S = { least: 2, most: 90 };
/** After the last call, until parked calls, plans and finished jobs are gone. */
const QUIET_AFTER_MS = 20_000;
const MINUTE_MS = 60_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** By hand: every process its own, calls that come and go in real time. */
export async function soakInRealTime({ minutes, calls, samples }: SoakOptions): Promise<Soaked> {
  const beganMs = performance.now();
  const stack = await startStack({
    podEnv: { POD_CAPACITY: String(calls * 4) },
    playbooks: PLAYBOOKS.map((id) => join(import.meta.dirname, "..", "interaction", "playbooks", `${id}.yaml`)),
    worker: true,
  });
  const lines = [await speak("where is my order"), await speak("four eight two one three")];
  const random = seededRandom(1);
  let holding = true;
  let placed = 0;
  let ended = 0;
  const place = (): void => {
    const lengthS = CALL_S.least + random() ** 2 * (CALL_S.most - CALL_S.least);
    const steps: CallerStep[] = [];
    for (let s = 0, i = 0; s < lengthS; s += 6, i++) {
      const audio = lines[i % lines.length];
      steps.push({ do: "listen", quietMs: 700, atMostMs: 6_000 });
      if (audio) steps.push({ do: "speak", audio });
    }
    const call = stack.carrier.placeCall({
      from: "+15005550006",
      to: "+15005550001",
      voiceUrl: `${stack.voiceUrl}?playbook=${PLAYBOOKS[placed++ % PLAYBOOKS.length]}`,
      steps: [...steps, { do: "hang-up" }],
      record: false,
    });
    void call.ended.then(() => {
      ended++;
      stack.carrier.calls.delete(call.sid);
      if (holding) place();
    });
  };
  try {
    const watch = new Watch(stack);
    for (let i = 0; i < calls; i++) place();
    for (let sample = 1; sample <= samples; sample++) {
      await pause((minutes * MINUTE_MS) / samples);
      watch.sample((sample * minutes) / samples);
      if (sample === 1) await watch.begin();
    }
    holding = false;
    await stack.carrier.close();
    await pause(QUIET_AFTER_MS);
    const left = await watch.end(ended);
    const remarks = [...watch.remarks, `${stack.carrier.notices.length} notices by the carrier`];
    return { placed, ended, tookS: (performance.now() - beganMs) / 1_000, memory: watch.memory, left, remarks };
  } finally {
    await stack.close();
  }
}
