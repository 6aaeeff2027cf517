import { join } from "node:path";
import { loadPlaybook } from "@sidetone/dialogue";
import type { NumberName } from "../stimuli.ts";
import { normalWords, spokenDigits } from "../understanding.ts";

/** How long a lookup takes, as for everybody. */
const LOOKUP_MS = 1_500;
const ORDER_DIGITS = 5;
const SILENT_CALLER_MS = { silent: 5_000, others: 20_000 };

const first = (variants: string | readonly string[]): string =>
  (typeof variants === "string" ? variants : variants[0]) ?? "";

/** The words of the bench's playbooks, for agents that have no playbooks. */
export class Script {
  readonly silenceMs: number;
  readonly opening: string;
  readonly stillThere = "Are you still there?";
  readonly #answer: string;
  readonly #number: NumberName;
  #digits = "";

  constructor(number: NumberName) {
    const path = join(import.meta.dirname, "..", "playbooks", `bench-${number}.yaml`);
    const { opening, wants } = loadPlaybook(path).document;
    const announced = opening.recording.mode === "announce" ? `${opening.recording.announce} ` : "";
    this.opening = `${first(opening.greeting)} ${opening.disclosure} ${announced}${first(opening.question)}`;
    this.#answer = first(Object.values(wants)[0]?.say ?? "");
    this.#number = number;
    this.silenceMs = number === "silent" ? SILENT_CALLER_MS.silent : SILENT_CALLER_MS.others;
  }

  /** What to say to a turn; lookups take as long as everybody's. */
  async reply(heard: string): Promise<string> {
    if (this.#number !== "order") return this.#answer;
    const words = normalWords(heard);
    // Whoever corrects themselves begins the number again.
    if (/\b(no|sorry|hold on|wrong)\b/.test(words.join(" "))) this.#digits = "";
    this.#digits = (this.#digits + spokenDigits(heard)).slice(-ORDER_DIGITS);
    if (this.#digits.length < ORDER_DIGITS) return "What's your five digit order number?";
    const digits = this.#digits;
    await new Promise((resolve) => setTimeout(resolve, LOOKUP_MS));
    return `Your order ${Array.from(digits).join(" ")} is on its way.`;
  }
}
