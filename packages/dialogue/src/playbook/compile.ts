import { fold } from "../understanding/tokens.ts";
import { compileWants, type WantIndex } from "../understanding/wants.ts";
import type { Playbook } from "./schema.ts";

/** What is worked out of a playbook once, for all its calls. */
export interface CompiledPlaybook {
  playbook: Playbook;
  wants: WantIndex;
  slotsOfWant: Readonly<Record<string, readonly string[]>>;
  countedSlots: readonly string[];
  interjectionPhrases: readonly (readonly (readonly string[])[])[];
  againPhrases: Readonly<Record<string, readonly (readonly string[])[]>>;
}

const compiled = new WeakMap<Playbook, CompiledPlaybook>();
/** Documents that came out of a snapshot are new objects of the same version: one compilation serves them all. */
const byContent = new Map<string, CompiledPlaybook>();
const KEPT = 16;

export function compilePlaybook(playbook: Playbook): CompiledPlaybook {
  const known = compiled.get(playbook);
  if (known !== undefined) return known;
  const content = JSON.stringify(playbook);
  let made = byContent.get(content);
  if (made === undefined) {
    const slots = Object.entries(playbook.slots);
    made = {
      playbook,
      wants: compileWants(playbook),
      slotsOfWant: Object.fromEntries(
        Object.entries(playbook.wants).map(([name, want]) => [
          name,
          [...new Set(want.steps.flatMap((step) => step.slots))],
        ]),
      ),
      countedSlots: slots
        .filter(([, slot]) => slot.type === "digits" && slot.length !== undefined)
        .map(([name]) => name),
      interjectionPhrases: playbook.interjections.map((one) => one.hear.map(fold)),
      againPhrases: Object.fromEntries(slots.map(([name, slot]) => [name, slot.again.map(fold)])),
    };
    byContent.set(content, made);
    const oldest = byContent.keys().next().value;
    if (byContent.size > KEPT && oldest !== undefined) byContent.delete(oldest);
  }
  compiled.set(playbook, made);
  return made;
}
