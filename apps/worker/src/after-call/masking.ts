/** Least digits of a payment card (ISO/IEC 7812-1); longer runs are masked too. */
const CARD_DIGITS = 12;
const MASK = "[masked]";

const DIGIT_WORD =
  "zero|oh|o|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|double|triple|hundred";
/** One spoken or written piece of a number, with what may stand between two of them. */
const PIECE = `(?:\\d+|\\b(?:${DIGIT_WORD})\\b)`;
const RUN = new RegExp(`${PIECE}(?:[\\s,.\\-–]+${PIECE})*`, "gi");
const TENS = /^(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)$/i;

/** Secrets that are named: the value after the name goes, the name stays. */
const NAMED = new RegExp(
  `\\b(security code|security number|card number|cvv|cvc|pin(?: (?:number|code))?|password|passcode|sort code|account number|national insurance(?: number)?|social security(?: number)?)\\b((?:\\s+(?:is|are|it's|its|number|on|the|back|would|be|um|uh|er)\\b|[,:])*\\s*)(${RUN.source})`,
  "gi",
);
const EMAIL = /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}/gu;

/** How many digits a run stands for, as spoken: "double four" are two, "twenty one" are two. */
function digitsOf(run: string): number {
  let digits = 0;
  let times = 1;
  let afterTens = false;
  for (const piece of run.toLowerCase().split(/[\s,.\-–]+/)) {
    if (piece === "double" || piece === "triple") {
      times = piece === "double" ? 2 : 3;
      continue;
    }
    if (/^\d+$/.test(piece)) digits += piece.length * times;
    else if (piece === "hundred") digits += 2;
    else if (TENS.test(piece) || /^(?:ten|eleven|twelve|\w+teen)$/.test(piece)) digits += 2;
    else if (!afterTens) digits += times;
    afterTens = TENS.test(piece);
    times = 1;
  }
  return digits;
}

/**
 * Takes card numbers and other secrets out of a transcript, said or written; order numbers, dates and
 * telephone numbers stay. What it cannot know (a name, an address) it leaves: roles hide those.
 */
export function maskSecrets(text: string): string {
  return text
    .replace(NAMED, (_all, name: string, between: string) => `${name}${between}${MASK}`)
    .replace(RUN, (run) => (digitsOf(run) >= CARD_DIGITS && !isTelephone(run) ? MASK : run))
    .replace(EMAIL, MASK);
}

/** "+44 7700 900123" and the like: a sign or a trunk zero and at most fifteen digits. */
const isTelephone = (run: string): boolean => {
  const compact = run.replace(/[\s,.\-–]/g, "");
  return /^44\d{10}$/.test(compact);
};
