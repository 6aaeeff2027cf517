import type { Playbook } from "../playbook/schema.ts";
import { isNumberWord, ORDINAL_WORDS } from "./numbers.ts";
import { fold, HESITATIONS, indexOfPhrase, type Token } from "./tokens.ts";

/** A want's example phrases as weighted features, compiled once per playbook. */
export interface WantIndex {
  names: readonly string[];
  /** Inverse document frequency of a feature over wants. */
  idf: ReadonlyMap<string, number>;
  /** Features of every example, with their weights and norm. */
  examples: readonly { want: number; weights: ReadonlyMap<string, number>; norm: number }[];
  /** Words that several examples of a want share, as "want word": they are its own, and one is enough. */
  own: ReadonlySet<string>;
  keywords: readonly { want: number; phrase: readonly string[] }[];
  /** Examples word for word, cut where they have a placeholder. */
  wordings: readonly { want: number; stretches: readonly (readonly string[])[] }[];
}

export interface WantScore {
  want: string;
  /** 0..1 */
  score: number;
}

/** Words that say nothing about what is wanted, but may within a bigram. */
const STOP = new Set(
  "i im id ill ive me my you your we the a an to of and or for in on at it its is are was be been have has had do does did dont can could would will shall may might please thanks thank this that thats there with from so just really also then hi hello good morning afternoon evening ok yes no um uh like want need know tell get got give about some any if by as up out am but not now back put bring something question look over turn more again already let say call one what whats when where how who which why should time times going still sure doing got over only here he she they him her them did instead wait use very much great lot".split(
    " ",
  ),
);
/** Different words of callers for one thing; the first is what the index holds. */
const SYNONYMS: readonly string[] = [
  "parcel package packet box shipment",
  "order purchase",
  "delivery deliver delivered delivering delivers courier driver",
  "refund refunded reimburse reimbursement refunds",
  "return returned returning returns",
  "invoice bill receipt invoices receipts",
  "cancel cancelled cancellation",
  "shop store branch shops stores",
  "points rewards bonus loyalty",
  "human person somebody someone agent operator representative advisor adviser colleague staff",
  "talk speak",
  "address addresses",
  "close closes closing closed",
  "open opens opening",
  "complain complaint complaints",
  "broken damaged faulty broke",
  "appointment booking appointments",
  "book schedule arrange booked",
  "reschedule rebook move shift moved",
  "change update correct changed",
  "arrive arrived come coming came here",
  "late delayed",
  "status update news",
  "send sent ship shipped posted",
  "money cash",
  "charged paid",
  "speak talk chat",
];
const CANON = new Map<string, string>();
for (const line of SYNONYMS) {
  const [first, ...others] = line.split(" ") as [string, ...string[]];
  for (const other of others) if (!CANON.has(other)) CANON.set(other, first);
}
const canon = (word: string): string => CANON.get(word) ?? word;

function featuresOf(words: readonly string[]): string[] {
  const kept = words
    .filter((word) => !HESITATIONS.has(word) && !isNumberWord(word) && !(word in ORDINAL_WORDS))
    .map(canon);
  const features: string[] = [];
  for (let i = 0; i < kept.length; i++) {
    const word = kept[i] as string;
    if (!STOP.has(word)) features.push(word);
    const next = kept[i + 1];
    if (next !== undefined && !(STOP.has(word) && STOP.has(next) && !BIGRAM_STOPS.has(`${word} ${next}`)))
      features.push(`${word} ${next}`);
  }
  return features;
}
/** Pairs of stop words that do mean something. */
const BIGRAM_STOPS = new Set(["any any"]);

export function compileWants(playbook: Playbook): WantIndex {
  const names = Object.keys(playbook.wants);
  const wantsOfFeature = new Map<string, Set<number>>();
  const raw: { want: number; features: string[] }[] = [];
  const keywords: { want: number; phrase: string[] }[] = [];
  const wordings: { want: number; stretches: string[][] }[] = [];
  names.forEach((name, want) => {
    const spec = playbook.wants[name];
    for (const example of spec?.examples ?? []) {
      // "{item}" stands for anything; it cuts the example, so that no feature spans it.
      const features = example.split(/\{[^}]*\}/).flatMap((stretch) => featuresOf(fold(stretch)));
      raw.push({ want, features });
      const stretches = example
        .split(/\{[^}]*\}/)
        .map(fold)
        .filter((stretch) => stretch.length > 0);
      if (stretches.flat().length >= 3) wordings.push({ want, stretches });
      for (const feature of features) {
        const wants = wantsOfFeature.get(feature) ?? new Set();
        wants.add(want);
        wantsOfFeature.set(feature, wants);
      }
    }
    for (const keyword of spec?.keywords ?? []) keywords.push({ want, phrase: fold(keyword) });
  });
  const idf = new Map<string, number>();
  for (const [feature, wants] of wantsOfFeature) {
    const base = Math.log((names.length + 1) / wants.size);
    idf.set(feature, feature.includes(" ") ? base * 0.6 : base);
  }
  const uses = new Map<string, number>();
  for (const { want, features } of raw) {
    for (const feature of features) uses.set(`${want} ${feature}`, (uses.get(`${want} ${feature}`) ?? 0) + 1);
  }
  const examples = raw.map(({ want, features }) => {
    const weights = new Map<string, number>();
    for (const feature of features) weights.set(feature, idf.get(feature) ?? 0);
    const norm = Math.sqrt([...weights.values()].reduce((sum, weight) => sum + weight * weight, 0));
    return { want, weights, norm };
  });
  const own = new Set([...uses].filter(([, count]) => count >= OWN_AFTER).map(([key]) => key));
  return { names, idf, examples, own, keywords, wordings };
}

/** A word is a want's own when so many of its examples have it. */
const OWN_AFTER = 3;

/** Features that never occurred in any example count this much against a match, up to four of them. */
const UNKNOWN_WEIGHT = 0.55;
const UNKNOWN_MOST = 4;

/** Scores of all wants for a stretch of words, best first. */
export function scoreWants(index: WantIndex, tokens: readonly Token[]): WantScore[] {
  const words = tokens.filter((token) => !token.key).map((token) => token.text);
  const features = new Set(featuresOf(words));
  let norm = 0;
  let unknown = 0;
  for (const feature of features) {
    const weight = index.idf.get(feature);
    if (weight !== undefined) norm += weight * weight;
    else if (!feature.includes(" ") && !/^\d/.test(feature)) unknown++;
  }
  norm = Math.sqrt(norm + Math.min(unknown, UNKNOWN_MOST) * UNKNOWN_WEIGHT * UNKNOWN_WEIGHT);
  const best = new Float64Array(index.names.length);
  const total = new Float64Array(index.names.length);
  for (const example of index.examples) {
    let dot = 0;
    let words = 0;
    let owned = false;
    for (const [feature, weight] of example.weights) {
      if (!features.has(feature)) continue;
      dot += weight * weight;
      if (feature.includes(" ")) continue;
      words++;
      owned ||= index.own.has(`${example.want} ${feature}`);
    }
    if (dot === 0 || norm === 0) continue;
    // Without one telling word in common, pairs of small words are an accident of grammar.
    if (words === 0) dot *= 0.45;
    const cosine = dot / (norm * example.norm);
    // A short example that is wholly contained is said, whatever else is said around it.
    const contained = dot / (example.norm * example.norm);
    // One word in common proves little, unless it is the want's own.
    const score =
      (words < 2 && !owned ? 0.75 : 1) *
      Math.max(cosine, 0.45 * cosine + 0.55 * contained * (example.norm > 1.6 ? 1 : 0.7));
    if (score > (best[example.want] as number)) best[example.want] = score;
    total[example.want] = (total[example.want] as number) + cosine * cosine;
  }
  const scores = index.names.map((want, i) => ({
    want,
    score: Math.min(1, 0.85 * (best[i] as number) + 0.15 * Math.min(1, Math.sqrt(total[i] as number))),
  }));
  for (const { want, phrase } of index.keywords) {
    if (indexOfPhrase(tokens, phrase) >= 0) {
      const entry = scores[want] as WantScore;
      entry.score = Math.max(entry.score, 0.75) + 0.1;
    }
  }
  for (const { want, stretches } of index.wordings) {
    if (!isSaid(tokens, stretches)) continue;
    const entry = scores[want] as WantScore;
    entry.score = Math.max(entry.score, WORD_FOR_WORD);
  }
  return scores.map((one) => ({ want: one.want, score: Math.min(1, one.score) })).sort((a, b) => b.score - a.score);
}

/** An example that was said word for word; above most others, so that small words count where they are all there is. */
const WORD_FOR_WORD = 0.8;

function isSaid(tokens: readonly Token[], stretches: readonly (readonly string[])[]): boolean {
  let from = 0;
  for (const stretch of stretches) {
    const at = indexOfPhrase(tokens, stretch, from);
    if (at < 0) return false;
    from = at + stretch.length;
  }
  return true;
}

/** Above this a want is taken, if the next is `MARGIN` behind. */
export const ACCEPT = 0.45;
export const MARGIN = 0.08;

/** The wants of a turn in the order spoken; `ambiguous` when two are equally likely. */
export function hearWants(
  index: WantIndex,
  tokens: readonly Token[],
): { wants: WantScore[]; ambiguous: [string, string] | null } {
  const stretches = splitAtConjunctions(tokens);
  if (stretches.length > 1) {
    const each = stretches.map((stretch) => scoreWants(index, stretch));
    const wants: WantScore[] = [];
    for (const scores of each) {
      const [first, second] = scores;
      if (
        first !== undefined &&
        first.score >= ACCEPT + 0.05 &&
        first.score - (second?.score ?? 0) >= MARGIN &&
        !wants.some((one) => one.want === first.want)
      ) {
        wants.push(first);
      }
    }
    if (wants.length > 1) return { wants, ambiguous: null };
  }
  const [first, second] = scoreWants(index, tokens);
  if (first === undefined || first.score < ACCEPT) return { wants: [], ambiguous: null };
  if (second !== undefined && second.score >= ACCEPT && first.score - second.score < MARGIN / 2) {
    return { wants: [], ambiguous: [first.want, second.want] };
  }
  return { wants: [first], ambiguous: null };
}

/** "I want to return a lamp and what time do you close": stretches that may each hold a want. */
function splitAtConjunctions(tokens: readonly Token[]): Token[][] {
  const stretches: Token[][] = [[]];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    if (/^(and|also|plus|then|but)$/.test(token.text)) {
      if ((stretches.at(-1) as Token[]).length > 0) stretches.push([]);
      continue;
    }
    (stretches.at(-1) as Token[]).push(token);
  }
  return stretches.filter((stretch) => stretch.length >= 2);
}
