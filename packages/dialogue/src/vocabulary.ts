import { EXPECTATION_KINDS, type ExpectationKind } from "@sidetone/protocol";
import type { Playbook } from "./playbook/schema.ts";
import { NO_PHRASES, YES_PHRASES } from "./understanding/yes-no.ts";

/** What callers of a playbook may say, for the decoder of the ears. */
export interface Vocabulary {
  /** Whole wordings; they teach word order. */
  phrases: string[];
  /** Words that may be heard besides. */
  words: string[];
  /** What each slot sounds like. */
  slots: Record<string, { kind: ExpectationKind; length: number; phrases: string[] }>;
}

/** Words, phrases and slot grammars of a playbook: all that its calls need to hear. */
export function vocabularyOf(playbook: Playbook): Vocabulary {
  const phrases = new Set<string>();
  const words = new Set<string>();
  const add = (text: string): void => {
    // What "{item}" stands for is not known: the stretches around it are phrases of their own.
    for (const stretch of text.split(/\{[^}]*\}/)) {
      const clean = stretch
        .replace(/[^\p{L}\p{N}' ]+/gu, " ")
        .replace(/\s+/g, " ")
        .trim()
        .toLowerCase();
      if (clean === "") continue;
      phrases.add(clean);
      for (const word of clean.split(" ")) words.add(word);
    }
  };
  for (const want of Object.values(playbook.wants)) {
    add(want.title);
    for (const example of want.examples) add(example);
    for (const keyword of want.keywords) add(keyword);
  }
  const slots: Vocabulary["slots"] = {};
  for (const [name, slot] of Object.entries(playbook.slots)) {
    const own = [...Object.values(slot.choices ?? {}).flat(), ...slot.again];
    for (const phrase of own) add(phrase);
    add(slot.name);
    add(`the ${slot.name} is`);
    add(`my ${slot.name} is`);
    const kind = EXPECTATION_KINDS.includes(slot.type) ? slot.type : "open";
    slots[name] = { kind, length: slot.length ?? 0, phrases: own.map((phrase) => phrase.toLowerCase()) };
  }
  for (const phrase of [...YES_PHRASES, ...NO_PHRASES]) words.add(phrase.join(" ").split(" ")[0] ?? "");
  add(playbook.persona.name);
  add(playbook.persona.company);
  words.delete("");
  return { phrases: [...phrases], words: [...words].sort(), slots };
}
