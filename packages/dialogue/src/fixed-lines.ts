import { TASKS, type TaskKind } from "@sidetone/protocol";
import { linesOf } from "./playbook/check.ts";
import type { Playbook } from "./playbook/schema.ts";
import { BUILT_IN_LINES, type LineName, MURMURS } from "./talking/lines.ts";
import { sayNumber, sayOrdinal } from "./talking/speakable.ts";
import { fieldsOf, fill } from "./talking/template.ts";

/** Everything that a playbook's calls will say word for word, for warming the cache of speech: one sentence each. */
export function fixedLinesOf(playbook: Playbook): string[] {
  const found = new Set<string>();
  const known = { company: playbook.persona.company, persona: playbook.persona };
  const add = (template: string, ...values: unknown[]): void => {
    for (const sentence of template.match(/\[[^\]]*\]|(?:\{[^}]*\}|[^.!?[\]{}])+(?:[.!?]+|$)/g) ?? []) {
      const bare = sentence.replace(/^\[|\]$/g, "").trim();
      const text = fill(bare, { values: [...values, known], today: "2026-01-01" });
      if (text !== null && /\p{L}/u.test(text)) found.add(text);
    }
  };
  for (const { text } of linesOf(playbook)) add(text);
  // A murmur that would have to be made first comes too late.
  const { backchannels } = playbook.persona;
  for (const text of backchannels === true ? MURMURS : backchannels || []) found.add(text);
  const kinds = new Set<TaskKind>(
    Object.values(playbook.wants).flatMap((want) =>
      want.steps.flatMap((step) => (step.task === undefined ? [] : [step.task.kind])),
    ),
  );
  if (playbook.fallback !== "none") kinds.add(playbook.fallback === "knowledge" ? "knowledge" : "reason");
  for (const [name, variants] of Object.entries(BUILT_IN_LINES)) {
    const own = playbook.lines[name as LineName] ?? variants;
    for (const template of typeof own === "string" ? [own] : own) {
      const fields = new Set(fieldsOf(template).map((field) => field.path));
      if (fields.has("meanwhile")) for (const kind of kinds) add(template, { meanwhile: TASKS[kind].meanwhile });
      else if (fields.has("which")) {
        const places = Math.max(0, ...Object.values(playbook.slots).map((slot) => slot.length ?? 0));
        for (let place = 1; place <= places; place++) add(template, { which: sayOrdinal(place), what: "digit" });
      } else if (fields.has("name") || fields.has("what")) {
        for (const slot of Object.values(playbook.slots))
          add(template, {
            name: slot.name,
            what: slot.type === "alphanumeric" ? "characters" : "digits",
            count: sayNumber(slot.length ?? 2),
          });
      } else if (fields.has("title"))
        for (const want of Object.values(playbook.wants)) add(template, { title: want.title });
      else add(template);
    }
  }
  return [...found];
}
