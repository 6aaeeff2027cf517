import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DialogueError, loadPlaybook, parsePlaybook, SHIPPED_PLAYBOOKS, shippedPlaybookPath } from "@sidetone/dialogue";
import type { PlaybookOfCall } from "@sidetone/protocol";
import { NumberRoutes } from "@sidetone/store";
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
  /** Versions that rules of numbers name, beside the published ones. */
  versions: PlaybookOfCall[];
  /** Number to playbook id or rules, as the dashboard published it. */
  numbers: NumberRoutes;
}

/** How the dashboard publishes a version: what it numbered, and the document as its admin wrote it, or parsed. */
const Published = z.object({
  id: z.string(),
  version: z.number().int().nonnegative(),
  source: z.string().optional(),
  document: z.unknown().optional(),
});

/**
 * Reads and checks every playbook: those that ship, then those under `folder/published` (`*.json` as published, or
 * `*.yaml`), which replace shipped ones of the same id, those under `folder/versions`, and `folder/numbers.json`. Takes
 * long; not for the road's thread.
 */
export function readPlaybooks(folder: string): FoundPlaybooks {
  const byId = new Map<string, PlaybookOfCall>();
  const faults: PlaybookFault[] = [];
  const take = (path: string, read: () => PlaybookOfCall): void => {
    try {
      const playbook = read();
      byId.set(playbook.id, playbook);
    } catch (error) {
      faults.push(faultOf(path, error));
    }
  };
  for (const id of SHIPPED_PLAYBOOKS) {
    const path = shippedPlaybookPath(id);
    if (existsSync(path)) take(path, () => loadPlaybook(path));
  }
  for (const path of filesOf(join(folder, "published"))) take(path, () => readPublished(path));
  const versions: PlaybookOfCall[] = [];
  for (const path of filesOf(join(folder, "versions"))) {
    try {
      versions.push(readPublished(path));
    } catch (error) {
      faults.push(faultOf(path, error));
    }
  }
  return {
    playbooks: [...byId.values()],
    versions,
    faults,
    numbers: readNumbers(join(folder, "numbers.json"), faults),
  };
}

function faultOf(path: string, error: unknown): PlaybookFault {
  const code = error instanceof DialogueError ? error.code : "PLAYBOOK_INVALID";
  return { path, code, message: error instanceof Error ? error.message : String(error) };
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

function readNumbers(path: string, faults: PlaybookFault[]): NumberRoutes {
  if (!existsSync(path)) return {};
  try {
    return NumberRoutes.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    faults.push(faultOf(path, error));
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
