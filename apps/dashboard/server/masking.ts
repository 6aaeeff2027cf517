import type { CallEvent } from "@sidetone/protocol";
import type { Role } from "@sidetone/store";
import type { LiveCall, LiveSummary } from "./live/live-call.ts";
import type { ReplayModel } from "./replay/replay-model.ts";

/** What a role may see: a viewer reads masked text and masked numbers, and hears nothing. */
export const seesPlainText = (role: Role): boolean => role !== "viewer";

const NUMBER_WORDS =
  /\b(?:oh|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|double|triple)\b/gi;
const EMAIL = /[^\s@]+@[^\s@]+/g;
/** A name, an address or anything else that a caller gives is not told from other words; so only agreed shapes pass. */
const DIGIT = /\d/g;

/** Masks digits, spelled numbers and addresses: what identifies a caller or a card. */
export const maskText = (text: string): string =>
  text.replaceAll(EMAIL, "•••@•••").replaceAll(NUMBER_WORDS, "•").replaceAll(DIGIT, "•");

/** Keeps the country and the last two digits. */
export const maskNumber = (number: string): string =>
  number.length <= 4 ? "••••" : `${number.slice(0, 3)}${"•".repeat(Math.max(3, number.length - 5))}${number.slice(-2)}`;

export function maskSummary(summary: LiveSummary): LiveSummary {
  return {
    ...summary,
    from: maskNumber(summary.from),
    lastLine: summary.lastLine && { ...summary.lastLine, text: maskText(summary.lastLine.text) },
  };
}

export function maskLiveCall(call: LiveCall): LiveCall {
  return {
    ...call,
    summary: maskSummary(call.summary),
    lines: call.lines.map((line) => ({
      ...line,
      text: maskText(line.text),
      unheard: line.unheard === undefined ? undefined : maskText(line.unheard),
    })),
    tasks: call.tasks.map((task) => ({ ...task, detail: undefined })),
    slots: Object.fromEntries(Object.entries(call.slots).map(([name, slot]) => [name, { ...slot, value: "••••" }])),
  };
}

/** The event as a viewer may have it; `undefined` when nothing of it is fit to be seen. */
export function maskEvent(event: CallEvent): CallEvent | undefined {
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
      return maskLeft(event);
    default:
      return event;
  }
}

function maskLeft(event: CallEvent & { type: "left" }): CallEvent | undefined {
  const { output } = event;
  switch (output.type) {
    case "heard":
      return {
        ...event,
        output: { ...output, words: output.words.map((word) => ({ ...word, text: maskText(word.text) })) },
      };
    case "said":
      return { ...event, output: { ...output, text: maskText(output.text) } };
    case "worded":
      return {
        ...event,
        output: { ...output, words: output.words.map((word) => ({ ...word, text: maskText(word.text) })) },
      };
    case "yielded":
      return {
        ...event,
        output: { ...output, heardText: maskText(output.heardText), unheardText: maskText(output.unheardText) },
      };
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
export function maskReplay(model: ReplayModel): ReplayModel {
  return {
    ...model,
    from: maskNumber(model.from),
    lines: model.lines.map((line) => ({
      ...line,
      words: line.words.map((word) => ({ ...word, text: maskText(word.text) })),
    })),
    tasks: model.tasks.map((task) => ({
      ...task,
      steps: task.steps.map(({ atMs, what }) => ({ atMs, what })),
    })),
    moments: model.moments.map((moment) =>
      moment.kind === "want" || moment.kind === "overlap" ? moment : { ...moment, text: maskText(moment.text) },
    ),
    slots: model.slots.map((slot) => ({ ...slot, value: "••••" })),
  };
}
