import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Alphabet } from "./alphabet.ts";
import { Decoder } from "./decoder.ts";
import { Grammar } from "./grammar.ts";

const PHONES =
  `AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH`.split(" ");
const SYMBOLS = ["<blank>", " ", ...PHONES];
const alphabet = new Alphabet(SYMBOLS);
const said = (word: string): string[] =>
  alphabet.spellings(word).map((way) => way.map((symbol) => SYMBOLS[symbol]!).join(" "));

describe("an alphabet of phones", () => {
  for (const [word, expected] of [
    ["order", ["AO R D ER"]],
    ["a", ["AH", "EY"]],
    ["either", ["IY DH ER", "AY DH ER"]],
    ["i'm", ["AY M", "AH M"]],
    ["w", ["D AH B AH L Y UW"]],
  ] as const) {
    it(`says "${word}" as the dictionary does`, () => assert.deepEqual(said(word), expected));
  }

  for (const [word, expected] of [
    ["zalvexo", "Z AE L V EH K S OW"],
    ["blorphine", "B L AO R F AY N"],
    ["kwickshippe", "K W IH K SH IH P"],
    ["x", "EH K S"],
  ] as const) {
    it(`says "${word}", which may be in no dictionary, by its letters`, () => assert.equal(said(word)[0], expected));
  }

  it("has a sound for every run of letters", () => {
    for (const first of "abcdefghijklmnopqrstuvwxyz")
      for (const second of "aeioubdgkqxyz'") assert.ok(alphabet.spellings(`z${first}${second}`)[0]!.length > 0);
  });

  it("refuses symbols that lack a phone", () => {
    assert.throws(() => new Alphabet(["<blank>", " ", "AA"]).spellings("order"), { code: "DECODER_LEXICON_INVALID" });
  });
});

describe("words that sound the same", () => {
  const grammar = new Grammar({ symbols: SYMBOLS, phrases: ["it is for my son", "two shirts", "i want to return it"] });
  const heard = (words: readonly string[], kind: "open" | "digits"): string => {
    const decoder = new Decoder(grammar);
    decoder.expect({ kind });
    const frames = words.flatMap((word) => [1, 0, ...alphabet.spellings(word)[0]!.flatMap((symbol) => [symbol, 0])]);
    frames.push(0, 0, 0);
    if (frames.length % 2 === 1) frames.push(0);
    for (let at = 0; at < frames.length; at += 2) {
      const lp = new Float32Array(2 * SYMBOLS.length).fill(Math.log(0.0005));
      lp[frames[at]!] = Math.log(0.98);
      lp[SYMBOLS.length + frames[at + 1]!] = Math.log(0.98);
      decoder.hear(lp, 0, at * 20);
    }
    return decoder
      .endTurn()
      .map((word) => word.text)
      .join(" ");
  };

  it("are told apart by what is expected", () => {
    assert.equal(heard(["four", "two", "eight"], "digits"), "four two eight");
  });

  it("are told apart by the words around them", () => {
    assert.equal(heard(["it", "is", "four", "my", "sun"], "open"), "it is for my son");
    assert.equal(heard(["i", "want", "two", "return", "it"], "open"), "i want to return it");
  });
});
