import type { CallEvent } from "@sidetone/protocol";
import type { Role } from "@sidetone/store";
import type { LiveCall, LiveSummary } from "./live/live-call.ts";
import type { CallSecrets } from "./masking/call-secrets.ts";
import { PLAIN_WORDS } from "./masking/plain-words.ts";
import type { ReplayModel } from "./replay/replay-model.ts";

/** What a role may see: a viewer reads masked text and masked numbers, and hears nothing. */
export const seesPlainText = (role: Role): boolean => role !== "viewer";

const NUMBER_WORD =
  /^(?:oh|nought|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|double|triple)$/;
const EMAIL = /[^\s@]+@[^\s@]+/g;
const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}]+)*/gu;
const HIDDEN = "•••";
/** What the rules of the after-call work write the understood values into. */
const VALUES_SENTENCE = /They gave [^.]*(?:\.|$)/g;
const INSIDE_CAPITAL = /(?<=[\p{Ll}\p{N},;:"'’)\]•] )\p{Lu}[\p{L}'’-]*/gu;

const isNumber = (lower: string): boolean => NUMBER_WORD.test(lower) || /\p{N}/u.test(lower);

/** An everyday word or a number: it tells nothing of what a call was about. */
export const isPlain = (lower: string): boolean => isNumber(lower) || PLAIN_WORDS.has(lower.replaceAll("’", "'"));

/** Keeps the country and the last two digits. */
export const maskNumber = (number: string): string =>
  number.length <= 4 ? "••••" : `${number.slice(0, 3)}${"•".repeat(Math.max(3, number.length - 5))}${number.slice(-2)}`;

/** Whether a word is one that a playbook says or lists, and so known to every viewer. */
export interface KnownWords {
  has(word: string): boolean;
}

/**
 * What a viewer gets of calls. Words pass only when they are everyday words or a playbook's, and not among
 * those that the call gave as a value; a turn that answers a question for a name, an address or a number is
 * hidden whole.
 */
export class Mask {
  readonly #known: KnownWords;

  constructor(known: KnownWords) {
    this.#known = known;
  }

  text(text: string, secrets?: CallSecrets): string {
    return text.replaceAll(EMAIL, HIDDEN).replaceAll(WORD, (word) => (this.#passes(word, secrets) ? word : HIDDEN));
  }

  #passes(word: string, secrets: CallSecrets | undefined): boolean {
    const lower = word.toLowerCase().replaceAll("’", "'");
    if (isNumber(lower)) return false;
    const bare = lower.replace(/'s$/, "");
    if (secrets?.words.has(lower) || secrets?.words.has(bare)) return false;
    return PLAIN_WORDS.has(lower) || PLAIN_WORDS.has(bare) || this.#known.has(lower) || this.#known.has(bare);
  }

  /** A summary is written text: what has a capital inside a sentence is a name. */
  prose(text: string | null): string | null {
    if (text === null) return null;
    return this.text(text.replaceAll(VALUES_SENTENCE, "").trim().replaceAll(INSIDE_CAPITAL, HIDDEN));
  }

  liveSummary(summary: LiveSummary, secrets?: CallSecrets): LiveSummary {
    const { lastLine } = summary;
    return {
      ...summary,
      from: maskNumber(summary.from),
      lastLine: lastLine && { ...lastLine, text: lastLine.hidden ? HIDDEN : this.text(lastLine.text, secrets) },
    };
  }

  liveCall(call: LiveCall, secrets?: CallSecrets): LiveCall {
    return {
      ...call,
      summary: this.liveSummary(call.summary, secrets),
      lines: call.lines.map((line) => ({
        ...line,
        text: line.hidden ? HIDDEN : this.text(line.text, secrets),
        unheard: line.unheard === undefined ? undefined : this.text(line.unheard, secrets),
      })),
      tasks: call.tasks.map((task) => ({ ...task, detail: undefined })),
      slots: Object.fromEntries(Object.entries(call.slots).map(([name, slot]) => [name, { ...slot, value: HIDDEN }])),
      moments: call.moments.map((moment) =>
        PLAIN_MOMENTS.has(moment.kind) ? moment : { ...moment, text: this.text(moment.text, secrets) },
      ),
    };
  }

  /** The event as a viewer may have it, after `call` has taken it in; `undefined` when nothing of it is fit to be seen. */
  event(event: CallEvent, call: LiveCall | undefined, secrets?: CallSecrets): CallEvent | undefined {
    switch (event.type) {
      case "started":
        return { ...event, from: maskNumber(event.from) };
      case "entered":
        return undefined;
      case "task": {
        const { detail: _, ...rest } = event;
        return rest;
      }
      case "left":
        return this.#left(event, call, secrets);
      default:
        return event;
    }
  }

  #left(
    event: CallEvent & { type: "left" },
    call: LiveCall | undefined,
    secrets: CallSecrets | undefined,
  ): CallEvent | undefined {
    const { output } = event;
    switch (output.type) {
      case "heard": {
        const hidden = call?.lines.find((line) => line.key === `c${output.turn}`)?.hidden ?? true;
        const words = output.words.map((word) => ({ ...word, text: hidden ? HIDDEN : this.text(word.text, secrets) }));
        return { ...event, output: { ...output, words: hidden ? words.slice(0, 1) : words } };
      }
      case "said":
        return { ...event, output: { ...output, text: this.text(output.text, secrets) } };
      case "worded": {
        const words = output.words.map((word) => ({ ...word, text: this.text(word.text, secrets) }));
        return { ...event, output: { ...output, words } };
      }
      case "yielded": {
        const [heardText, unheardText] = [this.text(output.heardText, secrets), this.text(output.unheardText, secrets)];
        return { ...event, output: { ...output, heardText, unheardText } };
      }
      case "finished":
      case "overlap":
      case "expecting":
      case "want-recognised":
      case "recording":
        return event;
      default:
        return undefined;
    }
  }

  /** A replay as a viewer may read it. Words keep their times, not their content; details are left out. */
  replay(model: ReplayModel, secrets: CallSecrets): ReplayModel {
    return {
      ...model,
      from: maskNumber(model.from),
      lines: model.lines.map((line) => ({
        ...line,
        words: line.words.map((word) => ({ ...word, text: line.hidden ? HIDDEN : this.text(word.text, secrets) })),
      })),
      tasks: model.tasks.map((task) => ({
        ...task,
        steps: task.steps.map(({ atMs, what }) => ({ atMs, what })),
      })),
      moments: model.moments.map((moment) =>
        PLAIN_MOMENTS.has(moment.kind) ? moment : { ...moment, text: this.text(moment.text, secrets) },
      ),
      slots: model.slots.map((slot) => ({ ...slot, value: HIDDEN })),
    };
  }
}

/** Moments whose text holds nothing that a person said. */
const PLAIN_MOMENTS = new Set(["want", "overlap", "responded", "fell-silent", "task", "moved", "supervised"]);
