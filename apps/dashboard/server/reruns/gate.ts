import { createHash } from "node:crypto";
import { findSet, latestRerunOf, type Rows, readGate, type SavedSet, setCalls } from "@sidetone/store";
import type { Kysely } from "kysely";
import { beyondBounds } from "./judge.ts";
import { againstOf, suiteHash, summarise } from "./stored.ts";

export const sourceHash = (source: string): string => createHash("sha256").update(source).digest("hex");

export interface GateCheck {
  name: string;
  passed: boolean;
  detail: string;
  /** The re-run that says so. */
  batchId: string | null;
}

export interface GateState {
  open: boolean;
  checks: GateCheck[];
}

interface Version {
  playbook_id: string;
  source: string;
  state: string;
}

/** What a version must get through before callers meet it, and whether it has. */
export async function gateOf(db: Kysely<Rows>, version: Version): Promise<GateState> {
  const tested = version.state !== "draft";
  const checks: GateCheck[] = [
    {
      name: "Expected conversations",
      passed: tested,
      detail: tested ? "They go as expected." : "They have not been run on this text, or did not go as expected.",
      batchId: null,
    },
  ];
  const gate = await readGate(db, version.playbook_id);
  if (gate) {
    const set = await findSet(db, gate.setId);
    checks.push(
      set
        ? await regressionCheck(db, version, set, gate.bounds)
        : { name: "Re-run", passed: false, detail: "The gate's saved set is no longer there.", batchId: null },
    );
  }
  return { open: checks.every((check) => check.passed), checks };
}

async function regressionCheck(
  db: Kysely<Rows>,
  version: Version,
  set: SavedSet,
  bounds: Parameters<typeof beyondBounds>[1],
): Promise<GateCheck> {
  const name = `Re-run of ${set.name}`;
  const batch = await latestRerunOf(db, version.playbook_id, sourceHash(version.source), set.id);
  if (!batch) return { name, passed: false, detail: "The set has not been run against this text.", batchId: null };
  const { thresholds, model, suite } = againstOf(batch);
  if (Object.keys(thresholds).length > 0 || model !== null) {
    return {
      name,
      passed: false,
      detail: "It was last run with other thresholds or another model.",
      batchId: batch.id,
    };
  }
  if (set.kind === "calls" && suite !== suiteHash(await setCalls(db, set.id)))
    return { name, passed: false, detail: "The set has changed since it was run.", batchId: batch.id };
  const reasons = beyondBounds((await summarise(db, batch.id)).summary, bounds);
  const detail = reasons.length === 0 ? "Nothing is worse than the bounds allow." : reasons.join(" ");
  return { name, passed: reasons.length === 0, detail, batchId: batch.id };
}
