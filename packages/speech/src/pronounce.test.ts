import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { splitClauses } from "./clauses.ts";
import { compilePronunciations, pronounce } from "./pronounce.ts";

const said = (text: string): string =>
  pronounce(text)
    .map((word) => word.say + { none: "", group: ";", comma: ",", stop: "." }[word.breakAfter])
    .join(" ");

const TABLE: readonly (readonly [written: string, spoken: string])[] = [
  ["Your order 47291 has shipped.", "your order four seven two; nine one has shipped."],
  ["order 4729", "order four seven two nine"],
  ["Order number: 12", "order number, one two"],
  ["AB-47291", "ay bee; four seven two; nine one"],
  ["code 007", "code zero zero seven"],
  ["That is 12,345 items", "that is twelve thousand three hundred forty five items"],
  ["It costs $12.50 in all", "it costs twelve dollars and fifty cents in all"],
  ["$1", "one dollar"],
  ["£0.99", "ninety nine pence"],
  ["$3 million", "three million dollars"],
  ["€1,204.05", "one thousand two hundred four euros and five cents"],
  ["49.90 EUR", "forty nine euros and ninety cents"],
  ["on 2026-03-14", "on march fourteenth; twenty twenty six"],
  ["March 3, 2026", "march third; twenty twenty six"],
  ["the 21st of June", "the june twenty first"],
  ["on May 5", "on may fifth"],
  ["at 14:30", "at two thirty pee em"],
  ["9:05 am", "nine oh five ay em"],
  ["at 5 p.m. today", "at five pee em today"],
  ["00:00", "midnight"],
  ["12:00", "noon"],
  ["+1 555 010 4477", "plus one; five five five; zero one zero; four four seven seven"],
  ["(555) 010-4477", "five five five; zero one zero; four four seven seven"],
  ["+15550104477", "plus one; five five five; zero one zero; four four seven seven"],
  ["jo.smith42@example.com", "jay oh dot smith four two; at example dot com"],
  ["www.example.com/help", "double-you double-you double-you dot example dot com slash help"],
  ["open 9-17 daily", "open nine to seventeen daily"],
  ["50% off", "fifty percent off"],
  ["the 3rd time", "the third time"],
  ["2.5 kg", "two point five kilograms"],
  ["in 2026", "in twenty twenty six"],
  ["since 1905", "since nineteen oh five"],
  ["we have 2026 parts", "we have two thousand twenty six parts"],
  ["Dr. Jones & co", "doctor jones and co"],
  ["I am an AI, your PIN is safe", "i am an ay eye, your pin is safe"],
  ["Hello… you", "hello. you"],
  ["mm-hm", "um hum"],
  ["señor O’Neil", "senor o'neil"],
  ["Plan B it is", "plan bee it is"],
  ["GOOD MORNING CALLER", "good morning caller"],
  ["", ""],
  ["🙂 ~", ""],
];

describe("pronounce", () => {
  for (const [written, spoken] of TABLE) it(`${written} -> ${spoken}`, () => assert.equal(said(written), spoken));

  it("respells by the playbook's dictionary, longest phrase first", () => {
    const dictionary = compilePronunciations({ Acme: "ack me", "Acme Corp": "ack me corporation" });
    const words = pronounce("Welcome to acme corp and Acme.", dictionary);
    assert.deepEqual(
      words.map((word) => word.say),
      ["welcome", "to", "ack me corporation", "and", "ack me"],
    );
    assert.equal(words[2]!.text, "acme corp");
  });

  it("refuses an empty respelling", () => {
    assert.throws(() => compilePronunciations({ Acme: " " }), { code: "SPEECH_DICTIONARY_INVALID" });
  });

  it("leaves the engine nothing but words, and every word knows its place in the text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: "grapheme" }), (text) => {
        let lastStart = 0;
        for (const word of pronounce(text)) {
          assert.ok(word.charStart >= lastStart && word.charEnd > word.charStart && word.charEnd <= text.length);
          assert.doesNotMatch(word.say, /[\d\s]{2}|^\s|\s$|\d/);
          lastStart = word.charStart;
        }
      }),
    );
  });
});

describe("splitClauses", () => {
  const clauses = (text: string): string[] => splitClauses(pronounce(text)).map((clause) => clause.text);
  const CLAUSES: readonly (readonly [text: string, parts: string[]])[] = [
    ["Okay, let me look that up for you.", ["okay,", "let me look that up for you."]],
    ["Thanks. Bye", ["thanks.", "bye."]],
    [
      "Your order 47291 arrives on Tuesday, between nine and twelve.",
      ["your order four seven two, nine one arrives on tuesday,", "between nine and twelve."],
    ],
    ["One, two, and three.", ["one,", "two, and three."]],
    [
      "I can help you with orders and with returns and also with everything that you bought from our store last year",
      [
        "i can help you with orders and with returns and also with everything,",
        "that you bought from our store last year.",
      ],
    ],
  ];
  for (const [text, parts] of CLAUSES) it(text, () => assert.deepEqual(clauses(text), parts));

  it("keeps every word once and in order", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom(..."ab ,.1-$") }), (text) => {
        const words = pronounce(text);
        assert.deepEqual(
          splitClauses(words).flatMap((clause) => clause.words),
          words,
        );
      }),
    );
  });
});
