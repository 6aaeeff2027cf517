// Reads playbooks in a thread of its own: parsing one takes longer than a tick.
import { parentPort, workerData } from "node:worker_threads";
import { readPlaybooks } from "./playbook-files.ts";

parentPort?.postMessage(readPlaybooks(String(workerData)));
