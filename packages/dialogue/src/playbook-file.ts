import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DialogueError } from "./errors.ts";
import { type ParsedPlaybook, parsePlaybook } from "./playbook/parse.ts";

/** The playbooks that ship, by id. */
export const SHIPPED_PLAYBOOKS = ["retail-order-support", "appointment-booking", "line-test"] as const;

export const shippedPlaybookPath = (id: (typeof SHIPPED_PLAYBOOKS)[number]): string =>
  fileURLToPath(new URL(`../playbooks/${id}.yaml`, import.meta.url));

/** Reads and checks a playbook file. Throws `DialogueError`. */
export function loadPlaybook(path: string): ParsedPlaybook {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new DialogueError("PLAYBOOK_FILE_UNREADABLE", path, [], { cause });
  }
  return parsePlaybook(text);
}
