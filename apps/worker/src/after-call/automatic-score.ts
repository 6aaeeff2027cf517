import {
  type Answer,
  type CallRow,
  findCall,
  listScorecards,
  type Rows,
  ScorecardDocument,
  saveScore,
  saveScorecard,
  totalOf,
} from "@sidetone/store";
import type { Kysely } from "kysely";

/** The card for a house that has made none of its own: what every caller notices. */
const TIMING_CARD = {
  id: "timing",
  name: "Timing",
  document: ScorecardDocument.parse({
    criteria: [
      {
        id: "response",
        question: "Did the agent answer within a second?",
        weight: 3,
        auto: { figure: "response_p50_ms", atMost: 1_000 },
      },
      {
        id: "slowest-response",
        question: "Was no answer slower than two seconds?",
        weight: 2,
        auto: { figure: "response_max_ms", atMost: 2_000 },
      },
      {
        id: "stop",
        question: "Did the agent stop at once when interrupted?",
        weight: 3,
        auto: { figure: "stop_max_ms", atMost: 300 },
      },
      { id: "cut-in", question: "Was the caller never cut off?", weight: 3, auto: { figure: "cut_ins", atMost: 0 } },
      {
        id: "silence",
        question: "Was there no dead air?",
        weight: 2,
        auto: { figure: "longest_silence_ms", atMost: 4_000 },
      },
      {
        id: "covered",
        question: "Did the playbook cover what was asked?",
        weight: 1,
        auto: { figure: "uncovered", atMost: 0 },
      },
    ],
  }),
};

/** Scores a call under every active card that has automatic criteria. A second run replaces the first. */
export async function scoreCall(db: Kysely<Rows>, callId: string): Promise<void> {
  const call = await findCall(db, callId);
  if (!call) return;
  let cards = (await listScorecards(db)).filter((card) => card.active);
  if (cards.length === 0) {
    await saveScorecard(db, { ...TIMING_CARD, active: true, by: "sidetone" });
    cards = (await listScorecards(db)).filter((card) => card.active);
  }
  for (const card of cards) {
    const document = ScorecardDocument.parse(JSON.parse(card.document));
    const criteria = document.criteria.filter((criterion) => criterion.auto !== undefined);
    const answers = criteria.flatMap((criterion): Answer[] => {
      const met = criterion.auto && metBy(call, criterion.auto);
      return met === undefined ? [] : [{ criterionId: criterion.id, met }];
    });
    if (answers.length === 0) continue;
    // What people answer is left to people; what did not occur does not count.
    const applied = criteria.filter((criterion) => answers.some((answer) => answer.criterionId === criterion.id));
    const { total, failed } = totalOf({ criteria: applied }, answers);
    await saveScore(db, {
      callId,
      scorecardId: card.id,
      scorecardVersion: card.version,
      scorer: "automatic",
      scorerKind: "auto",
      total,
      failed,
      answers,
    });
  }
}

/** Full up to the limit, nothing at twice the limit (or at one above a limit of zero). */
function metBy(call: CallRow, rule: { figure: keyof CallRow; atMost: number }): number | undefined {
  const value = call[rule.figure];
  if (typeof value !== "number") return undefined;
  if (value <= rule.atMost) return 1;
  return rule.atMost === 0 ? 0 : Math.max(0, Math.round((2 - value / rule.atMost) * 100) / 100);
}
