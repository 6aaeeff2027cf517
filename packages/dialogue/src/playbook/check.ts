import { TASKS } from "@sidetone/protocol";
import type { DialogueErrorCode } from "../errors.ts";
import { LINE_NAMES } from "../talking/lines.ts";
import { FILTER_NAMES, fieldsOf, isWellFormed } from "../talking/template.ts";
import { fold } from "../understanding/tokens.ts";
import type { Playbook } from "./schema.ts";

interface Found {
  code: DialogueErrorCode;
  path: (string | number)[];
  problem: string;
  cure: string;
}

/** Languages that the shipped ears and grammars understand. */
const HEARD_LANGUAGES = ["en-GB", "en-US"];

/** What a schema cannot say: names that must exist, templates that must fill, rules that must hold. */
export function checkPlaybook(playbook: Playbook): Found[] {
  const found: Found[] = [];
  const unknown = (path: Found["path"], name: string, kind: string, known: readonly string[]): void => {
    found.push({
      code: "PLAYBOOK_REFERENCE_UNKNOWN",
      path,
      problem: `there is no ${kind} "${name}"`,
      cure:
        known.length > 0
          ? `Use one of ${known.map((one) => `"${one}"`).join(", ")}, or define it`
          : `Define the ${kind}`,
    });
  };
  const rule = (path: Found["path"], problem: string, cure: string): void => {
    found.push({ code: "PLAYBOOK_RULE_BROKEN", path, problem, cure });
  };
  playbook.languages.forEach((language, i) => {
    if (HEARD_LANGUAGES.includes(language)) return;
    found.push({
      code: "PLAYBOOK_LANGUAGE_UNHEARD",
      path: ["languages", i],
      problem: `callers would not be understood in "${language}": the shipped network hears, and the dialogue reads, English only`,
      cure: `Write ${HEARD_LANGUAGES.join(" or ")}, or answer this number with people or with another system`,
    });
  });
  const slotNames = Object.keys(playbook.slots);
  const texts = [...linesOf(playbook), ...writtenTextsOf(playbook)];
  for (const { path, text } of texts) {
    if (!isWellFormed(text))
      found.push({
        code: "PLAYBOOK_TEMPLATE_INVALID",
        path,
        problem: "a brace or bracket is not closed",
        cure: 'Write values as "{name}" or "{name|filter}", and parts that may be left out in [brackets]',
      });
    for (const field of fieldsOf(text)) {
      for (const filter of field.filters) {
        if (!FILTER_NAMES.includes(filter))
          found.push({
            code: "PLAYBOOK_TEMPLATE_INVALID",
            path,
            problem: `there is no filter "${filter}"`,
            cure: `Use one of ${FILTER_NAMES.join(", ")}`,
          });
      }
    }
  }
  for (const [name, slot] of Object.entries(playbook.slots)) {
    const path = ["slots", name];
    if (slot.type === "digits" && slot.length === undefined)
      rule(path, "a slot of digits has no length", 'Add "length:", the number of digits');
    if (slot.type === "choice" && slot.choices === undefined && slot.from === undefined)
      rule(path, "a choice has no choices", 'Add "choices:" or "from:"');
    if (slot.length !== undefined && slot.type !== "digits" && slot.type !== "alphanumeric")
      rule([...path, "length"], `a slot of type ${slot.type} has no length`, "Remove it");
  }
  for (const [name, want] of Object.entries(playbook.wants)) {
    const path = ["wants", name];
    if (want.say === undefined && want.steps.length === 0 && !want.handOver)
      rule(path, "nothing happens for this want", 'Add "say:", "steps:" or "handOver: true"');
    if (want.verify && playbook.policy.verification === undefined)
      rule([...path, "verify"], "there is no policy of verification", 'Add "policy: verification:"');
    want.steps.forEach((step, i) => {
      step.slots.forEach((slot, k) => {
        if (!slotNames.includes(slot)) unknown([...path, "steps", i, "slots", k], slot, "slot", slotNames);
      });
      if (step.task === undefined) return;
      const { sideEffect, input } = TASKS[step.task.kind];
      const taskPath = [...path, "steps", i, "task"];
      const known = Object.keys((input as unknown as { shape: Record<string, unknown> }).shape);
      for (const key of Object.keys(step.task.input)) {
        if (!known.includes(key)) unknown([...taskPath, "input", key], key, `input of ${step.task.kind}`, known);
      }
      for (const key of known) {
        const optional =
          (
            input as unknown as { shape: Record<string, { safeParse: (value: unknown) => { success: boolean } }> }
          ).shape[key]?.safeParse(undefined).success ?? true;
        if (!optional && !(key in step.task.input))
          rule(taskPath, `the task ${step.task.kind} needs "${key}"`, `Add it to "input:"`);
      }
      if (sideEffect && step.goAhead === undefined && step.task.kind !== "create-case" && step.task.kind !== "add-note")
        rule(
          [...path, "steps", i],
          `the task ${step.task.kind} changes something, and nobody is asked`,
          'Add "goAhead:", a question that a yes answers',
        );
      if (!step.answers.some((answer) => answer.outcome === "found" && answer.when === undefined))
        rule([...path, "steps", i], "there is no answer for when the task succeeds", 'Add an answer without "when:"');
      for (const [k, template] of Object.entries(step.task.input)) {
        if (typeof template !== "string") continue;
        for (const field of fieldsOf(template)) {
          if (!field.path.includes(".") && !slotNames.includes(field.path) && !["company"].includes(field.path))
            unknown([...taskPath, "input", k], field.path, "slot", slotNames);
        }
      }
    });
  }
  const { channels, email, afterHangUp } = playbook.longWait;
  if (channels.includes("email") && email === undefined)
    rule(["longWait", "channels"], "nothing says where e-mail goes", 'Add "email:", the name of a slot of type email');
  if (email !== undefined && !slotNames.includes(email)) unknown(["longWait", "email"], email, "slot", slotNames);
  else if (email !== undefined && playbook.slots[email]?.type !== "email")
    rule(["longWait", "email"], `the slot "${email}" is no e-mail address`, 'Name a slot of "type: email"');
  const announced = texts.some(
    ({ path, text }) => path[0] === "opening" && /\b(message|text|write|e-?mail)\b/i.test(text),
  );
  if (afterHangUp === "always" && !announced)
    rule(
      ["longWait", "afterHangUp"],
      "callers are written to after they hang up, and the opening does not tell them",
      'Say so in the opening, for instance "If we are cut off, I may text you the answer", or write "promised"',
    );
  const verification = playbook.policy.verification;
  if (verification !== undefined && !slotNames.includes(verification.slot))
    unknown(["policy", "verification", "slot"], verification.slot, "slot", slotNames);
  for (const name of Object.keys(playbook.lines)) {
    if (!(LINE_NAMES as string[]).includes(name)) unknown(["lines", name], name, "built-in line", LINE_NAMES);
  }
  if (!/\b(automated|assistant|machine|computer|artificial|robot|ai)\b/i.test(playbook.opening.disclosure)) {
    rule(
      ["opening", "disclosure"],
      "the disclosure does not say that the caller is talking to a machine",
      'Say so, for instance "I am an automated assistant"',
    );
  }
  for (const { path, text } of texts) {
    for (const phrase of playbook.policy.neverSay) {
      if (text.toLowerCase().includes(phrase.toLowerCase()))
        rule(path, `the line says "${phrase}", which the policy forbids`, "Reword the line, or the policy");
    }
  }
  for (const [name, want] of Object.entries(playbook.wants)) {
    want.examples.forEach((example, i) => {
      if (fold(example.replace(/\{[^}]*\}/g, "")).length === 0)
        rule(["wants", name, "examples", i], "the example has no words", "Write what callers say");
    });
  }
  return found;
}

/** Texts that are sent and not spoken, with their paths. */
function writtenTextsOf({ longWait }: Playbook): { path: (string | number)[]; text: string }[] {
  const variants = typeof longWait.message === "string" ? [longWait.message] : longWait.message;
  return variants.map((text, i) => ({ path: ["longWait", "message", i], text }));
}

/** Every line that is spoken, with its path. */
export function linesOf(playbook: Playbook): { path: (string | number)[]; text: string }[] {
  const lines: { path: (string | number)[]; text: string }[] = [];
  const add = (path: (string | number)[], variants: string | readonly string[] | undefined): void => {
    if (variants === undefined) return;
    if (typeof variants === "string") lines.push({ path, text: variants });
    else for (const [i, text] of variants.entries()) lines.push({ path: [...path, i], text });
  };
  const { opening, closing, handOver, policy } = playbook;
  add(["opening", "greeting"], opening.greeting);
  add(["opening", "disclosure"], opening.disclosure);
  add(["opening", "question"], opening.question);
  for (const key of ["ask", "granted", "declined", "announce"] as const) {
    const text = (opening.recording as Record<string, unknown>)[key];
    if (typeof text === "string") add(["opening", "recording", key], text);
  }
  add(["hours", "closed"], playbook.hours?.closed);
  for (const [name, slot] of Object.entries(playbook.slots))
    for (const key of ["ask", "askAgain", "tooLong", "help"] as const) add(["slots", name, key], slot[key]);
  for (const [name, want] of Object.entries(playbook.wants)) {
    add(["wants", name, "say"], want.say);
    add(["wants", name, "acknowledge"], want.acknowledge);
    add(["wants", name, "summary"], want.summary);
    want.steps.forEach((step, i) => {
      add(["wants", name, "steps", i, "goAhead"], step.goAhead);
      step.answers.forEach((answer, k) => {
        add(["wants", name, "steps", i, "answers", k, "say"], answer.say);
      });
    });
  }
  for (const [i, interjection] of playbook.interjections.entries()) add(["interjections", i, "say"], interjection.say);
  for (const key of ["passed", "failed"] as const) add(["policy", "verification", key], policy.verification?.[key]);
  for (const key of ["say", "unavailable", "outOfHours"] as const) add(["handOver", key], handOver[key]);
  add(["closing", "anythingElse"], closing.anythingElse);
  add(["closing", "goodbye"], closing.goodbye);
  for (const [name, variants] of Object.entries(playbook.lines)) add(["lines", name], variants);
  return lines;
}
