import type { RerunChange, RerunResult, RerunSide, RerunTotals, RerunTurn } from "@sidetone/protocol";

/** A response that is this much earlier or later is another: less is what two runs of one machine differ by. */
const LATENCY_MS = 120;

const words = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const tasksOf = (tasks: RerunTotals["tasks"]) => tasks.map(({ kind, input, outcome }) => [kind, input, outcome]);
const sortedTasks = ({ tasks }: RerunTotals) =>
  tasksOf(tasks)
    .map((task) => JSON.stringify(task))
    .sort();
/** What the agent did with the floor; how often it listened or held in between is no decision of its own. */
const acts = (side: RerunSide) =>
  side.decisions.map((each) => each.decision).filter((name) => name !== "listen" && name !== "hold" && name !== "duck");
const howItEnded = (ends: string | null): string =>
  ends === null || !/^(transfer|the agent)/.test(ends) ? "the caller" : ends;

function changesOf(before: RerunSide, after: RerunSide): RerunChange[] {
  const changed: RerunChange[] = [];
  const check = (change: RerunChange, differs: boolean) => {
    if (differs) changed.push(change);
  };
  check("heard", words(before.heard) !== words(after.heard));
  check("words", words(before.said.join(" ")) !== words(after.said.join(" ")));
  check("wants", !same(before.wants, after.wants));
  check("slots", !same(before.slots, after.slots));
  check("tasks", !same(tasksOf(before.tasks), tasksOf(after.tasks)));
  check("decisions", !same(acts(before), acts(after)));
  const isOtherwise = (before.responseMs === null) !== (after.responseMs === null);
  check("latency", isOtherwise || Math.abs((before.responseMs ?? 0) - (after.responseMs ?? 0)) >= LATENCY_MS);
  check("cut-ins", before.cutIns !== after.cutIns);
  check("end", howItEnded(before.ends) !== howItEnded(after.ends));
  return changed;
}

/**
 * Puts the turns of the call beside those of its re-run. The stretch before the caller's first turn is left alone where
 * its question for consent was left out.
 */
export function compare(
  before: { totals: RerunTotals; sides: readonly RerunSide[] },
  after: { totals: RerunTotals; sides: readonly RerunSide[] },
  withoutConsent: boolean,
): Pick<RerunResult, "before" | "after" | "turns" | "changed"> {
  const turns: RerunTurn[] = before.sides.map((side, turn) => {
    const other = after.sides[turn] ?? absent(side);
    return { turn, before: side, after: other, changed: turn === 0 && withoutConsent ? [] : changesOf(side, other) };
  });
  const changed = new Set(turns.flatMap((turn) => turn.changed));
  // A value that is found a turn later is no other value.
  const [was, is] = [before.totals, after.totals];
  const drop = (change: RerunChange, isSame: boolean) => {
    if (isSame) changed.delete(change);
  };
  drop("wants", same([...was.wants].sort(), [...is.wants].sort()));
  drop("slots", same(Object.entries(was.slots).sort(), Object.entries(is.slots).sort()));
  drop("tasks", same(sortedTasks(was), sortedTasks(is)));
  return { before: was, after: is, turns, changed: [...changed] };
}

/** The re-run was over before this turn. */
const absent = (side: RerunSide): RerunSide => ({
  atMs: side.atMs,
  heard: "",
  said: [],
  unheard: [],
  wants: [],
  slots: [],
  tasks: [],
  decisions: [],
  responseMs: null,
  cutIns: 0,
  ends: null,
});
