/**
 * Phones of words that no dictionary has (brands, unusual names), by the commonest sound of each group of letters. Rough:
 * a playbook's author who needs a word heard well writes it as it sounds.
 */
const GROUPS: readonly (readonly [letters: string, phones: string])[] = [
  ["tion", "SH AH N"],
  ["sion", "ZH AH N"],
  ["eigh", "EY"],
  ["ough", "AO"],
  ["igh", "AY"],
  ["tch", "CH"],
  ["dge", "JH"],
  ["sch", "SH"],
  ["ear", "IH R"],
  ["air", "EH R"],
  ["our", "AO R"],
  ["ch", "CH"],
  ["sh", "SH"],
  ["th", "TH"],
  ["ph", "F"],
  ["wh", "W"],
  ["gh", "G"],
  ["ck", "K"],
  ["ng", "NG"],
  ["qu", "K W"],
  ["kn", "N"],
  ["wr", "R"],
  ["ee", "IY"],
  ["ea", "IY"],
  ["ie", "IY"],
  ["ei", "AY"],
  ["oo", "UW"],
  ["ou", "AW"],
  ["ow", "OW"],
  ["oa", "OW"],
  ["ai", "EY"],
  ["ay", "EY"],
  ["ey", "IY"],
  ["oi", "OY"],
  ["oy", "OY"],
  ["au", "AO"],
  ["aw", "AO"],
  ["ew", "UW"],
  ["ue", "UW"],
  ["er", "ER"],
  ["ir", "ER"],
  ["ur", "ER"],
  ["ar", "AA R"],
  ["or", "AO R"],
  ["ce", "S EH"],
  ["ci", "S IH"],
  ["cy", "S IY"],
  ["ge", "JH EH"],
  ["gi", "JH IH"],
  ["a", "AE"],
  ["b", "B"],
  ["c", "K"],
  ["d", "D"],
  ["e", "EH"],
  ["f", "F"],
  ["g", "G"],
  ["h", "HH"],
  ["i", "IH"],
  ["j", "JH"],
  ["k", "K"],
  ["l", "L"],
  ["l", "L"],
  ["m", "M"],
  ["n", "N"],
  ["o", "AA"],
  ["p", "P"],
  ["q", "K"],
  ["r", "R"],
  ["s", "S"],
  ["t", "T"],
  ["u", "AH"],
  ["v", "V"],
  ["w", "W"],
  ["x", "K S"],
  ["y", "IY"],
  ["z", "Z"],
];
/** A vowel before one consonant and a final e says its name. */
const LONG: Readonly<Record<string, string>> = { a: "EY", e: "IY", i: "AY", o: "OW", u: "UW" };
const FINAL: Readonly<Record<string, string>> = { a: "AH", i: "IY", o: "OW", u: "UW" };

/** Phones of a word of letters and apostrophes. */
export function soundsOfLetters(word: string): string[] {
  const letters = word.replaceAll("'", "");
  const phones: string[] = [];
  for (let at = 0; at < letters.length; ) {
    const letter = letters[at]!;
    const rest = letters.slice(at);
    if (letter === letters[at - 1] && !"aeiou".includes(letter)) {
      at++; // Doubled consonants are said once.
    } else if (/^[aeiou][b-df-hj-np-tvz]e$/.test(rest)) {
      phones.push(LONG[letter]!);
      at++;
    } else if (rest === "e" && phones.length > 0) {
      at++;
    } else if (rest.length === 1 && FINAL[letter] && phones.length > 0) {
      phones.push(FINAL[letter]);
      at++;
    } else {
      const [group, sounds] = GROUPS.find(([group]) => rest.startsWith(group))!;
      phones.push(...sounds.split(" "));
      at += group.length;
    }
  }
  return phones;
}
