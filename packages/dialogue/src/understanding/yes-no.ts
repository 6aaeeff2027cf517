import { fold, HESITATIONS, indexOfPhrase, jointConfidence, type Token } from "./tokens.ts";

export const YES_PHRASES = [
  "yes",
  "yeah",
  "yep",
  "yup",
  "yes please",
  "sure",
  "certainly",
  "of course",
  "absolutely",
  "definitely",
  "correct",
  "thats right",
  "thats correct",
  "right",
  "that is right",
  "that is correct",
  "it is",
  "i do",
  "i would",
  "you may",
  "you can",
  "go ahead",
  "do that",
  "do it",
  "please do",
  "ok",
  "fine",
  "thats fine",
  "thats ok",
  "that works",
  "sounds good",
  "good",
  "i agree",
  "agreed",
  "no problem",
  "why not",
  "exactly",
  "i am",
  "that would be great",
  "by all means",
  "if you must",
  "aye",
  "uh huh",
  "mhm",
  "perfect",
  "great",
  "lovely",
  "indeed",
  "id like that",
  "please",
  "no worries",
  "not a problem",
  "i dont mind",
  "thats it",
  "all right",
  "that is fine",
].map(fold);
export const NO_PHRASES = [
  "no",
  "nope",
  "nah",
  "no thanks",
  "no thank you",
  "not really",
  "i dont think so",
  "thats not right",
  "that is not right",
  "thats wrong",
  "thats not correct",
  "wrong",
  "incorrect",
  "it isnt",
  "it is not",
  "its not",
  "i dont",
  "i do not",
  "id rather not",
  "i would rather not",
  "dont",
  "do not",
  "not now",
  "not today",
  "never",
  "no way",
  "please dont",
  "not at all",
  "absolutely not",
  "certainly not",
  "definitely not",
  "of course not",
  "i wouldnt",
  "negative",
  "thats all",
  "that was all",
  "that was it",
  "all done",
  "that is all",
  "thats everything",
  "nothing else",
  "nothing",
  "im good",
  "im fine",
  "that will be all",
  "thatll be all",
  "uh uh",
  "i am not",
  "im not",
  "thats it thanks",
  "not that one",
  "not ok",
  "not sure",
  "it doesnt",
  "no im good",
  "thats not it",
].map(fold);

const LONGEST_FIRST = [
  ...YES_PHRASES.map((phrase) => ({ phrase, yes: true })),
  ...NO_PHRASES.map((phrase) => ({ phrase, yes: false })),
].sort((a, b) => b.phrase.length - a.phrase.length);

/**
 * What a turn says to a yes-no question. `unclear` when it says both and does not settle ("yes, no, I mean...").
 * `rest`: words beyond the answer.
 */
export function hearYesNo(
  tokens: readonly Token[],
): { answer: "yes" | "no" | "unclear"; confidence: number; rest: number } | null {
  const found: { yes: boolean; weak: boolean; at: number }[] = [];
  const used: Token[] = [];
  const taken = new Array<boolean>(tokens.length).fill(false);
  for (const { phrase, yes } of LONGEST_FIRST) {
    for (let at = indexOfPhrase(tokens, phrase); at >= 0; at = indexOfPhrase(tokens, phrase, at + 1)) {
      if (taken.slice(at, at + phrase.length).some(Boolean)) continue;
      taken.fill(true, at, at + phrase.length);
      const text = phrase.join(" ");
      found.push({ yes, weak: WEAK.has(text), at });
      used.push(...tokens.slice(at, at + phrase.length));
    }
  }
  if (found.length === 0) return null;
  found.sort((a, b) => a.at - b.at);
  // "please", "right" and "ok" lose to a real yes or no: "no please", "ok no".
  const strong = found.filter((one) => !one.weak);
  const counted = strong.length > 0 ? strong : found;
  const rest = taken.filter((one, i) => !one && !NEUTRAL.has((tokens[i] as Token).text)).length;
  const answers = new Set(counted.map((one) => one.yes));
  const confidence = jointConfidence(used);
  if (answers.size === 1) return { answer: counted[0]?.yes ? "yes" : "no", confidence, rest };
  // A clear change of mind settles: "yes, no wait, actually no".
  const turnedAt = Math.max(
    ...["actually", "wait", "sorry"].map((word) => tokens.findLastIndex((token) => token.text === word)),
  );
  const after = counted.filter((one) => one.at > turnedAt);
  if (turnedAt >= 0 && after.length > 0 && new Set(after.map((one) => one.yes)).size === 1) {
    return { answer: after[0]?.yes ? "yes" : "no", confidence, rest };
  }
  return { answer: "unclear", confidence, rest };
}

/** Short words that a poor line makes of a yes or a no. */
const NEAR: Record<string, string> = {
  know: "no",
  now: "no",
  note: "no",
  nor: "no",
  snow: "no",
  yet: "yes",
  guess: "yes",
  less: "yes",
  yea: "yes",
  ya: "yes",
};
const MOST_NEAR_WORDS = 4;
/** Less than what a weighty answer needs: it is asked about. */
const NEAR_CONFIDENCE = 0.4;

/** A short turn whose first word only sounds like an answer: "know thanks". */
export function hearNearYesNo(tokens: readonly Token[]): ReturnType<typeof hearYesNo> {
  const words = tokens.filter((token) => !HESITATIONS.has(token.text));
  const [first, ...rest] = words;
  const meant = NEAR[first?.text ?? ""];
  if (first === undefined || meant === undefined || words.length > MOST_NEAR_WORDS) return null;
  const heard = hearYesNo([{ ...first, text: meant }, ...rest]);
  return heard === null || heard.rest > 0
    ? null
    : { ...heard, confidence: Math.min(heard.confidence, NEAR_CONFIDENCE) };
}

const WEAK = new Set([
  "please",
  "right",
  "ok",
  "fine",
  "good",
  "great",
  "it is",
  "perfect",
  "lovely",
  "thats it",
  "i do",
  "i dont mind",
  "nothing",
]);
const NEUTRAL = new Set(
  "um uh er erm hmm well oh so and the you that its it thanks thank just actually wait sorry then i think very much lovely great please really".split(
    " ",
  ),
);
