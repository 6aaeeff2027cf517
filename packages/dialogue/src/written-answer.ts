import type { PromisedAnswer } from "@sidetone/protocol";
import { BUILT_IN_LINES } from "./talking/lines.ts";
import { policed } from "./talking/police.ts";
import { choose, lookUp, type Scope, say } from "./talking/template.ts";

const LONGEST_TEXT = 1_600;

/** One of a step's answers, as far as it can be told whether it fits a finding. */
interface Fitting {
  outcome: "found" | "not-found" | "failed";
  when?: Record<string, unknown> | undefined;
  say: string | readonly string[];
}

/** The first answer whose outcome and conditions fit, and that can be said with what is known; null where none is. */
export function fittingAnswer<T extends Fitting>(
  answers: readonly T[],
  outcome: Fitting["outcome"],
  scope: Scope,
  seed: number,
): T | null {
  for (const answer of answers) {
    if (answer.outcome !== outcome) continue;
    const fits = Object.entries(answer.when ?? {}).every(([path, wanted]) => {
      const value = lookUp(scope.values, path)?.value;
      if (typeof wanted === "boolean") return (value !== undefined) === wanted || value === wanted;
      return Array.isArray(wanted) ? wanted.some((one) => one === value) : wanted === value;
    });
    if (fits && say(answer.say, scope, seed, "probe") !== null) return answer;
  }
  return null;
}

const NOT_FOUND = "we're sorry, we couldn't find what you asked about. Please call us again.";

/** The message that keeps a promise, in the playbook's words. */
export function writtenAnswer(
  { company, answers, values, today, seed, neverSay }: PromisedAnswer["wording"],
  outcome: "found" | "not-found",
  output: unknown,
): string {
  const scope: Scope = { values: [output, ...values], today };
  const answer = outcome === "found" ? fittingAnswer(answers, outcome, scope, seed) : null;
  const plain = outcome === "found" ? choose(BUILT_IN_LINES["nothing-to-say"], seed, "written") : NOT_FOUND;
  const text = (answer === null ? null : say(answer.say, scope, seed, "written")) ?? plain;
  return policed(neverSay, `${company}: ${text}`, () => choose(BUILT_IN_LINES["cannot-say"], seed, "written")).slice(
    0,
    LONGEST_TEXT,
  );
}
