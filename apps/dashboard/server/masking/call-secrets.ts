import type { CallEvent, PodInput, PodOutput } from "@sidetone/protocol";

/** Parts of a lookup's input or result that name or reach a person, or open their account. */
const SENSITIVE_KEY =
  /name|mail|phone|mobile|address|line\d|street|city|town|region|post|zip|number|card|account|reference|customer|birth/i;
/** Too common to say anything about anybody, even inside a value. */
const EMPTY_WORDS = new Set(
  "a an and are at by for from in is it my no not of on or our that the this to was we with yes you your order".split(
    " ",
  ),
);
const WORDS_KEPT = 2_000;

/** Words of a text as they are compared: lower case, no punctuation. */
export const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)*/gu) ?? [];

/**
 * What one call has given of itself: each word of each value that was understood, looked up or found.
 * A viewer sees none of them again, whoever says them.
 */
export class CallSecrets {
  readonly words: Set<string>;

  constructor(words: Iterable<string> = []) {
    this.words = new Set(words);
  }

  takeEvent(event: CallEvent): void {
    if (event.type === "left") this.takeOutput(event.output);
    else if (event.type === "entered") this.takeInput(event.input);
  }

  takeOutput(output: PodOutput): void {
    if (output.type === "slot-filled") this.add(output.value);
    else if (output.type === "delegate") this.#values(output.input, false);
  }

  takeInput(input: PodInput): void {
    if (input.type === "finding") this.#values(input.finding.output, false);
  }

  add(value: string): void {
    for (const word of wordsOf(value)) {
      if (EMPTY_WORDS.has(word) || this.words.size >= WORDS_KEPT) continue;
      this.words.add(word);
    }
  }

  #values(value: unknown, sensitive: boolean): void {
    if (typeof value === "string" || typeof value === "number") {
      if (sensitive) this.add(String(value));
    } else if (Array.isArray(value)) {
      for (const each of value) this.#values(each, sensitive);
    } else if (value !== null && typeof value === "object") {
      for (const [key, each] of Object.entries(value)) this.#values(each, sensitive || SENSITIVE_KEY.test(key));
    }
  }
}
