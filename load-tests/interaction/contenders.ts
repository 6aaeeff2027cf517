import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@sidetone/testkit";
import { type StackOptions, startStack } from "../stack.ts";
import { type Orders, startOrders } from "./orders.ts";
import { RIVALS, type Rival, startRival } from "./rivals/start.ts";
import type { Line } from "./run-stimuli.ts";
import { NUMBERS, type NumberName } from "./stimuli.ts";
import { STRATEGIES, type Strategy } from "./strategies.ts";
import { startVirtualStack } from "./virtual-line.ts";

/** One that takes the bench's calls. */
export interface Contender {
  line: Line;
  /** Where tapes lie, if it keeps any. */
  dataDir?: string;
  /** What answers, where no tape says so. */
  model: string;
  /** Sees to it that time passes until `work` is done. */
  drive<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Sidetone once more, in the rivals' circumstances: in real time, with their stimuli. */
export const IN_REAL_TIME = "sidetone-in-real-time";
export const CONTENDERS = ["sidetone", ...Object.keys(STRATEGIES), IN_REAL_TIME, ...RIVALS] as const;
const SPARE_CALLS = 8;

const PLAYBOOKS: Record<NumberName, string> = {
  open: "bench-open",
  talk: "bench-talk",
  order: "bench-order",
  silent: "bench-silent",
  both: "bench-both",
};

export const isRival = (name: string): name is Rival => (RIVALS as readonly string[]).includes(name);

/** Real for everybody; virtual only for ours, whose whole stack can wait for itself. */
export type ClockKind = "real" | "virtual";

/** Starts a contender on free ports: as processes of its own, or around a virtual clock. */
export function startContender(name: string, concurrency: number, clock: ClockKind): Promise<Contender> {
  if (isRival(name)) return startRival(name);
  const strategy = name === IN_REAL_TIME ? "sidetone" : (name as "sidetone" | Strategy);
  return (clock === "virtual" ? startVirtual : startReal)(strategy, concurrency);
}

async function startReal(name: "sidetone" | Strategy, concurrency: number): Promise<Contender> {
  const orders = await startOrders();
  const folder = tempFolder("bench-orders");
  const stack = await startStack(stackOf(name, concurrency, orders, folder.path));
  return {
    line: { carrier: stack.carrier, voiceUrl: () => stack.voiceUrl },
    dataDir: stack.dataDir,
    model: "shipped",
    drive: (work) => work(),
    async close() {
      await stack.close();
      orders.close();
      folder.remove();
    },
  };
}

async function startVirtual(name: "sidetone" | Strategy, concurrency: number): Promise<Contender> {
  const folder = tempFolder("bench-orders");
  const { stack, drive } = await startVirtualStack((orders) => stackOf(name, concurrency, orders, folder.path));
  return {
    line: { carrier: stack.carrier, voiceUrl: () => stack.voiceUrl },
    dataDir: stack.dataDir,
    model: "shipped",
    drive,
    async close() {
      await stack.close();
      folder.remove();
    },
  };
}

function stackOf(name: "sidetone" | Strategy, concurrency: number, orders: Orders, folder: string): StackOptions {
  const connectors = join(folder, "connectors.yaml");
  writeFileSync(connectors, orders.connectors);
  const wrapper = new URL(`./strategies.ts?strategy=${name}`, import.meta.url).href;
  return {
    podEnv: {
      ...(name === "sidetone" ? {} : { POD_MODEL_WRAPPER: wrapper }),
      // A pod's count is up to a second old: calls that have just ended are still in it when as many new ones are placed.
      POD_CAPACITY: String(2 * concurrency + SPARE_CALLS),
      MODEL_SLOTS: String(2 * concurrency + SPARE_CALLS),
    },
    bridgeEnv: {
      NUMBERS: JSON.stringify(
        Object.fromEntries(
          Object.entries(NUMBERS).map(([number, dialled]) => [dialled, PLAYBOOKS[number as NumberName]]),
        ),
      ),
    },
    workerEnv: { CONNECTORS_FILE: connectors, WORKER_CONCURRENCY: "256" },
    playbooks: Object.values(PLAYBOOKS).map((id) => join(import.meta.dirname, "playbooks", `${id}.yaml`)),
    worker: true,
  };
}
