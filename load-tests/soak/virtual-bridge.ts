/**
 * A bridge and its callers in one process on a clock that moves only when everything that it set going has come back: the
 * pod's replies, frames under way, calls that are being placed. Two hours take minutes. Tells its state on standard output.
 */
import { setImmediate as turn } from "node:timers/promises";
import { type Counter, createLog, type Histogram, Metrics, VirtualClock } from "@sidetone/platform";
import { type CallerStep, Carrier, seededRandom } from "@sidetone/testkit";
import { z } from "zod";
import { Bridge } from "../../apps/bridge/src/bridge.ts";
import { bridgeConfig } from "../../apps/bridge/src/config.ts";
import type { SoakState } from "./state.ts";

const Settings = z.object({
  SOAK_MINUTES: z.coerce.number(),
  SOAK_CALLS: z.coerce.number(),
  SOAK_SAMPLES: z.coerce.number(),
  SOAK_PLAYBOOKS: z.string(),
});
const settings = Settings.parse(process.env);
const MINUTE_MS = 60_000;
/** Turns of the event loop in which a frame crosses the loopback. */
const FRAME_TURNS = 4;
/** A reply that is later than this is not waited for: the calls are then behind by a hop. */
const REPLY_WITHIN_MS = 250;
const PLACED_WITHIN_MS = 5_000;
/** Of calls, in virtual time: from a caller who hangs up at once to one who stays. */
const CALL_MS = { least: 2_000, most: 90_000 };
const SILENT_AFTER_MS = 30_000;

/** Counts what says that a message has gone to the pod, and that its reply has come. */
class WatchedMetrics extends Metrics {
  replies = 0;
  hops = 0;

  override counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    const counter = super.counter(name, help, labelNames);
    if (name === "bridge_hops_total") this.#watch(counter, "inc", () => this.hops++);
    return counter;
  }

  override histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> {
    const histogram = super.histogram(name, help, buckets, labelNames);
    if (name === "bridge_pod_reply_ms") this.#watch(histogram, "observe", () => this.replies++);
    return histogram;
  }

  #watch<M extends "inc" | "observe">(
    metric: Record<M, (...given: never[]) => void>,
    method: M,
    seen: () => void,
  ): void {
    const inner = metric[method].bind(metric);
    Object.assign(metric, {
      [method]: (...given: never[]) => {
        seen();
        inner(...given);
      },
    });
  }
}

const config = bridgeConfig(process.env);
const clock = new VirtualClock();
const metrics = new WatchedMetrics("bridge");
const bridge = new Bridge({ config, clock, log: createLog({ process: "bridge", level: "error" }), metrics });
const carrier = new Carrier({ accountSid: config.TWILIO_ACCOUNT_SID, authToken: config.TWILIO_AUTH_TOKEN, clock });
const random = seededRandom(1);
let expected = 0;
let hopsSeen = 0;
let opening = 0;
let lateReplies = 0;
let placed = 0;
let ended = 0;
let holding = true;
const warnings: string[] = [];
process.on("warning", (warning) => warnings.push(`${warning.name}: ${warning.message}`));

async function settle(): Promise<void> {
  for (let i = 0; i < FRAME_TURNS; i++) await turn();
  if (metrics.hops > hopsSeen) {
    hopsSeen = metrics.hops;
    expected++;
  }
  const sinceMs = performance.now();
  while (metrics.replies < expected && performance.now() - sinceMs < REPLY_WITHIN_MS) await turn();
  if (metrics.replies < expected) lateReplies++;
  expected = metrics.replies;
  while (opening > 0 && performance.now() - sinceMs < PLACED_WITHIN_MS) await turn();
}

function place(): void {
  const noise = Uint8Array.from({ length: 8 * (400 + Math.floor(random() * 1_500)) }, () => Math.floor(random() * 255));
  const lengthMs = CALL_MS.least + random() ** 2 * (CALL_MS.most - CALL_MS.least);
  const steps: CallerStep[] = [];
  for (let ms = 0; ms < lengthMs; ms += 6_000) {
    steps.push({ do: "pause", ms: Math.floor(random() * 200) * 20 }, { do: "speak", audio: noise });
    if (random() < 0.2) steps.push({ do: "press", digits: "12" });
  }
  const playbooks = settings.SOAK_PLAYBOOKS.split(",");
  const playbook = playbooks[placed % playbooks.length] ?? "line-test";
  placed++;
  opening++;
  let isOpening = true;
  const opened = (): void => {
    if (isOpening) opening--;
    isOpening = false;
  };
  const voiceUrl = `${bridge.publicUrl}/voice?playbook=${playbook}`;
  const call = carrier.placeCall({
    from: "+15005550006",
    to: "+15005550001",
    voiceUrl,
    statusCallback: `${bridge.publicUrl}/voice/status`,
    steps: [...steps, { do: "hang-up" }],
    record: false,
    faults: random() < 0.2 ? { seed: placed, lossRate: 0.03, jitterMs: 40, reorderRate: 0.01 } : {},
    onEvent: ({ type }) => {
      if (type === "stream-opened" || type === "ended") opened();
    },
  });
  void call.ended.then(() => {
    opened();
    ended++;
    carrier.calls.delete(call.sid);
    if (holding) clock.after(random() * SILENT_AFTER_MS * 0.1, place);
  });
}

const tell = (kind: SoakState["kind"]): void => {
  globalThis.gc?.();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const state: SoakState = {
    kind,
    minutes: clock.nowMs() / MINUTE_MS,
    heapBytes: process.memoryUsage().heapUsed,
    placed,
    ended,
    lateReplies,
    notices: carrier.notices.length,
    resources,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    liveCalls: [...bridge.pods.links].reduce((sum, link) => sum + link.calls, 0),
    warnings,
  };
  process.stdout.write(`SOAK ${JSON.stringify(state)}\n`);
};

await bridge.start();
while (!bridge.ready) {
  await clock.advance(10);
  await turn();
}
tell("began");
for (let i = 0; i < settings.SOAK_CALLS; i++) place();
for (let sample = 0; sample < settings.SOAK_SAMPLES; sample++) {
  await clock.advance((settings.SOAK_MINUTES * MINUTE_MS) / settings.SOAK_SAMPLES, settle);
  tell("ran");
}
holding = false;
for (const call of carrier.calls.values()) call.hangUp();
while ([...carrier.calls.values()].some((call) => !call.over)) await clock.advance(100, settle);
// Parked calls, plans and pooled connections have their own times to live.
await clock.advance(5 * MINUTE_MS, settle);
tell("ended");
process.once("SIGTERM", async () => {
  const closed = bridge.close();
  await clock.advance(1_000);
  await closed;
  process.exit(0);
});
