import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DialogueError, loadPlaybook, parsePlaybook, SHIPPED_PLAYBOOKS, shippedPlaybookPath } from "@sidetone/dialogue";
import type { PlaybookOfCall } from "@sidetone/protocol";
import { z } from "zod";

/** A file that cannot be used: calls go on with what was there before. */
export interface PlaybookFault {
  path: string;
  code: string;
  message: string;
}

export interface FoundPlaybooks {
  playbooks: PlaybookOfCall[];
  faults: PlaybookFault[];
  /** Number to playbook id, as the dashboard published it. */
  numbers: Record<string, string>;
}

/** How the dashboard publishes a version: what it numbered, and the document as its admin wrote it, or parsed. */
const Published = z.object({
  id: z.string(),
  version: z.number().int().nonnegative(),
  source: z.string().optional(),
  document: z.unknown().optional(),
});
const Numbers = z.record(z.string(), z.string());

/**
 * Reads and checks every playbook: those that ship, then those under `folder/published` (`*.json` as published, or
 * `*.yaml`), which replace shipped ones of the same id, and `folder/numbers.json`. Takes long; not for the road's thread.
 */
export function readPlaybooks(folder: string): FoundPlaybooks {
  const byId = new Map<string, PlaybookOfCall>();
  const faults: PlaybookFault[] = [];
  const take = (path: string, read: () => PlaybookOfCall): void => {
    try {
      const playbook = read();
      byId.set(playbook.id, playbook);
    } catch (error) {
      const code = error instanceof DialogueError ? error.code : "PLAYBOOK_INVALID";
      faults.push({ path, code, message: error instanceof Error ? error.message : String(error) });
    }
  };
  for (const id of SHIPPED_PLAYBOOKS) {
    const path = shippedPlaybookPath(id);
    if (existsSync(path)) take(path, () => loadPlaybook(path));
  }
  for (const path of filesOf(join(folder, "published"))) take(path, () => readPublished(path));
  return { playbooks: [...byId.values()], faults, numbers: readNumbers(join(folder, "numbers.json"), faults) };
}

function readPublished(path: string): PlaybookOfCall {
  const text = readFileSync(path, "utf8");
  if (!path.endsWith(".json")) return parsePlaybook(text);
  const json: unknown = JSON.parse(text);
  const published = Published.safeParse(json);
  if (!published.success || (published.data.source === undefined && published.data.document === undefined)) {
    return parsePlaybook(text);
  }
  const { id, version, source, document } = published.data;
  return { ...parsePlaybook(source ?? JSON.stringify(document)), id, version };
}

function readNumbers(path: string, faults: PlaybookFault[]): Record<string, string> {
  if (!existsSync(path)) return {};
  try {
    return Numbers.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    faults.push({ path, code: "PLAYBOOK_INVALID", message: error instanceof Error ? error.message : String(error) });
    return {};
  }
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.(json|ya?ml)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}
