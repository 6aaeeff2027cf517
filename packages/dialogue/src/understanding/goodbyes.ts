import { fold, HESITATIONS, indexOfPhrase, jointConfidence, type Token } from "./tokens.ts";

const GOODBYES = [
  "goodbye",
  "good bye",
  "bye bye",
  "bye",
  "see you",
  "have a good day",
  "have a nice day",
  "cheers bye",
  "ill hang up",
  "speak soon",
  "take care",
]
  .map(fold)
  .sort((a, b) => b.length - a.length);
/** What is left of a goodbye on a poor line. */
const HALF_HEARD = ["good by", "good buy", "by by", "buy buy", "good night", "by", "buy", "good"]
  .map(fold)
  .sort((a, b) => b.length - a.length);
/** Words that stand around a goodbye and want nothing else. */
const AROUND = new Set(
  "a all and bye care cheers day evening everything for goodbye good great have help i im is it its just know lovely much nice nah no nope now ok right see so soon speak take thank thanks that thats the then there very was well with you your".split(
    " ",
  ),
);
/** More words of another kind than this belong to a sentence in which the goodbye is an accident. */
const MOST_OTHER_WORDS = 3;
const SURE = 0.45;

/** Whether the turn says goodbye; `doubtful` where it was half heard, or heard where nobody would say it. */
export function hearGoodbye(tokens: readonly Token[]): "sure" | "doubtful" | null {
  const words = tokens.filter((token) => !HESITATIONS.has(token.text) && !token.key);
  const others = words.filter((word) => !AROUND.has(word.text)).length;
  const said = placeOf(words, GOODBYES);
  if (said !== null) {
    if (others > MOST_OTHER_WORDS && !said.last) return null;
    return jointConfidence(said.tokens) >= SURE ? "sure" : "doubtful";
  }
  const half = placeOf(words, HALF_HEARD);
  const isClosing = others === 0 && words.length <= 8;
  const thanked = words.some((word) => /^(thanks|thank|cheers|no|know|by|buy)$/.test(word.text));
  return half?.last === true && isClosing && thanked ? "doubtful" : null;
}

function placeOf(
  words: readonly Token[],
  phrases: readonly (readonly string[])[],
): { tokens: Token[]; last: boolean } | null {
  for (const phrase of phrases) {
    let at = indexOfPhrase(words, phrase);
    if (at < 0) continue;
    for (let next = at; next >= 0; next = indexOfPhrase(words, phrase, at + 1)) at = next;
    return { tokens: words.slice(at, at + phrase.length), last: at + phrase.length === words.length };
  }
  return null;
}
