import type { CallMark, CallRecord, CallTurn } from "@sidetone/store";
import type { ReplayModel } from "./replay-model.ts";

/** What a call's row and its search index hold of its tape. */
export function indexOf(model: ReplayModel): {
  call: Partial<CallRecord>;
  turns: CallTurn[];
  marks: CallMark[];
} {
  const turns = model.lines
    .map((line): CallTurn => {
      const unheard = line.words.filter((word) => !word.heard);
      return {
        who: line.who,
        startMs: line.startMs,
        endMs: line.endMs,
        text: line.words
          .filter((word) => word.heard)
          .map((word) => word.text)
          .join(" "),
        ...(unheard.length > 0 && { unheard: unheard.map((word) => word.text).join(" ") }),
      };
    })
    .filter((turn) => turn.text !== "" || turn.unheard !== undefined);
  const marks = model.moments.map(
    (moment): CallMark => ({
      atMs: moment.atMs,
      kind: moment.kind,
      detail: moment.text,
      ...(moment.value !== undefined && { value: moment.value }),
    }),
  );
  for (const task of model.tasks) {
    marks.push({
      atMs: task.delegatedMs,
      kind: `task-${task.outcome}`,
      detail: task.kind,
      ...(task.endMs !== undefined && { value: task.endMs - task.delegatedMs }),
    });
  }
  marks.sort((a, b) => a.atMs - b.atMs);
  const wants = new Map<string, number>();
  for (const moment of model.moments) {
    if (moment.kind === "want") wants.set(moment.text, (wants.get(moment.text) ?? 0) + 1);
  }
  const topWant = [...wants].sort((a, b) => b[1] - a[1])[0]?.[0];
  const transfer = model.moments.find((moment) => moment.kind === "transfer");
  const failed = model.moments.some((moment) => moment.kind === "failed");
  const [target, reason] = transfer ? split(transfer.text) : [];
  const answered = model.tasks.some((task) => task.outcome === "found") || topWant !== undefined;
  const longestLookupMs = Math.max(
    0,
    ...model.tasks.map((task) => (task.endMs ?? task.delegatedMs) - task.delegatedMs),
  );
  return {
    call: {
      from: model.from,
      to: model.to,
      startedAt: model.startedAt,
      playbookId: model.playbookId,
      playbookVersion: model.playbookVersion,
      bridgeId: model.bridgeId,
      modelHash: model.modelHash,
      durationMs: model.durationMs,
      recorded: !model.withheld,
      // The caller's wish was met without a person, they were passed on, or they gave up before anything came of it.
      outcome: transfer ? "transferred" : failed ? "failed" : answered ? "contained" : "abandoned",
      longestLookupMs,
      uncovered: model.moments.filter((moment) => moment.kind === "want" && moment.text === "uncovered").length,
      ...(topWant !== undefined && { topWant }),
      ...(target !== undefined && { transferTarget: target }),
      ...(reason !== undefined && { transferReason: reason }),
      ...(model.endReason !== undefined && { endReason: model.endReason }),
    },
    turns,
    marks,
  };
}

function split(text: string): [string, string | undefined] {
  const colon = text.indexOf(": ");
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 2)];
}
