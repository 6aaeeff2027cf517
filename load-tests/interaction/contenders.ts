import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@sidetone/testkit";
import { startStack } from "../stack.ts";
import { startOrders } from "./orders.ts";
import { RIVALS, type Rival, startRival } from "./rivals/start.ts";
import type { Line } from "./run-stimuli.ts";
import { NUMBERS, type NumberName } from "./stimuli.ts";
import { STRATEGIES, type Strategy } from "./strategies.ts";

/** One that takes the bench's calls. */
export interface Contender {
  line: Line;
  /** Where tapes lie, if it keeps any. */
  dataDir?: string;
  /** What answers, as it says itself. */
  model: string;
  close(): Promise<void>;
}

export const CONTENDERS = ["sidetone", ...Object.keys(STRATEGIES), ...RIVALS] as const;

const PLAYBOOKS: Record<NumberName, string> = {
  open: "bench-open",
  talk: "bench-talk",
  order: "bench-order",
  silent: "bench-silent",
  both: "bench-both",
};

export const isRival = (name: string): name is Rival => (RIVALS as readonly string[]).includes(name);

/** Starts a contender as processes of its own on free ports. */
export function startContender(name: string, concurrency: number): Promise<Contender> {
  return isRival(name) ? startRival(name) : startSidetone(name as "sidetone" | Strategy, concurrency);
}

async function startSidetone(name: "sidetone" | Strategy, concurrency: number): Promise<Contender> {
  const orders = await startOrders();
  const folder = tempFolder("bench-orders");
  const connectors = join(folder.path, "connectors.yaml");
  writeFileSync(connectors, orders.connectors);
  const wrapper = new URL(`./strategies.ts?strategy=${name}`, import.meta.url).href;
  const stack = await startStack({
    podEnv: { ...(name === "sidetone" ? {} : { POD_MODEL_WRAPPER: wrapper }), POD_CAPACITY: String(concurrency + 4) },
    bridgeEnv: {
      NUMBERS: JSON.stringify(
        Object.fromEntries(
          Object.entries(NUMBERS).map(([number, dialled]) => [dialled, PLAYBOOKS[number as NumberName]]),
        ),
      ),
    },
    workerEnv: { CONNECTORS_FILE: connectors },
    playbooks: Object.values(PLAYBOOKS).map((id) => join(import.meta.dirname, "playbooks", `${id}.yaml`)),
    worker: true,
  });
  return {
    line: { carrier: stack.carrier, voiceUrl: () => stack.voiceUrl },
    dataDir: stack.dataDir,
    model: /"model":"([^"]+)"/.exec(stack.processes.pod?.output ?? "")?.[1] ?? "shipped",
    async close() {
      await stack.close();
      orders.close();
      folder.remove();
    },
  };
}
