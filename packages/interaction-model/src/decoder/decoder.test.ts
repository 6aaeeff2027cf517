import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { kthLargest } from "./beam.ts";
import { Decoder } from "./decoder.ts";
import { Grammar, wordsOf } from "./grammar.ts";

const SYMBOLS = ["<blank>", " ", ..."abcdefghijklmnopqrstuvwxyz", "'"];
const WIDTH = SYMBOLS.length;
const grammar = new Grammar({
  symbols: SYMBOLS,
  phrases: [
    "where is my order",
    "i want to return my shoes",
    "cancel my order please",
    "I'd like a refund for order 5",
  ],
});

/** One symbol for each frame of 20 ms; '_' is a blank, a list gives rivals with their probabilities. */
type Frame = string | Readonly<Record<string, number>>;

/** Frames as a clear voice gives them: a space before each word, every letter once, blanks between. */
function framesOf(text: string): Frame[] {
  return text.split(" ").flatMap((word) => [" ", "_", ...[...word].flatMap((letter) => [letter, "_"])]);
}

/** Log probabilities of the frames, with `noise` spread over all symbols. Padded with blanks to whole hops. */
function symbolsOf(frames: readonly Frame[], noise = 0.02): Float32Array {
  const padded = [...frames, ...Array.from({ length: 2 + (frames.length % 2) }, () => "_")];
  const out = new Float32Array(padded.length * WIDTH);
  for (const [at, frame] of padded.entries()) {
    const likely = typeof frame === "string" ? { [frame]: 1 } : frame;
    for (let symbol = 0; symbol < WIDTH; symbol++) {
      const share = likely[symbol === 0 ? "_" : SYMBOLS[symbol]!] ?? 0;
      out[at * WIDTH + symbol] = Math.log((1 - noise) * share + noise / WIDTH);
    }
  }
  return out;
}

function hearAll(decoder: Decoder, symbols: Float32Array, fromMs = 0): string[] {
  const seen: string[] = [];
  for (let hop = 0; hop < symbols.length / (2 * WIDTH); hop++) {
    if (decoder.hear(symbols, hop * 2 * WIDTH, fromMs + hop * 40)) {
      seen.push(
        decoder
          .words()
          .map((word) => word.text)
          .join(" "),
      );
    }
  }
  return seen;
}

const heard = (text: string, expect?: Parameters<Decoder["expect"]>[0]): string => {
  const decoder = new Decoder(grammar);
  if (expect) decoder.expect(expect);
  hearAll(decoder, symbolsOf(framesOf(text)));
  return decoder
    .endTurn()
    .map((word) => (word.known ? word.text : `[${word.text}]`))
    .join(" ");
};

describe("Decoder", () => {
  const CLEAR = [
    "where is my order",
    "yes please",
    "four seven two nine one",
    "it's double five oh eight",
    "i want to return my shoes",
  ];
  for (const text of CLEAR) it(`hears "${text}"`, () => assert.equal(heard(text), text));

  it("hears spelled letters where they are expected", () => {
    assert.equal(heard("b o b four", { kind: "alphanumeric" }), "b o b four");
  });

  it("tells words that are not in the grammar as such, spelled as heard", () => {
    assert.equal(heard("where is my zwxqk order"), "where is my [zwxqk] order");
    assert.equal(heard("qzxv jkwq"), "[qzxv] [jkwq]");
  });

  it("decides between rivals by what is expected", () => {
    // "for" and "four" differ in a letter that was hardly heard.
    const unclear: Frame[] = [...framesOf("fo"), { u: 0.25, _: 0.75 }, "_", "r", "_"];
    const words = (kind: "open" | "digits", frames: readonly Frame[]): string => {
      const decoder = new Decoder(grammar);
      decoder.expect({ kind });
      hearAll(decoder, symbolsOf(frames));
      return decoder
        .endTurn()
        .map((word) => word.text)
        .join(" ");
    };
    assert.equal(words("digits", [...unclear, ...framesOf("seven")]), "four seven");
    assert.equal(words("open", [...framesOf("a refund"), ...unclear, ...framesOf("order")]), "a refund for order");
  });

  it("knows how answers go on", () => {
    const frames: Frame[] = [...framesOf("the third of ma"), { y: 0.4, r: 0.3, _: 0.3 }, "_"];
    const decoder = new Decoder(grammar);
    hearAll(decoder, symbolsOf(frames));
    assert.equal(
      decoder
        .endTurn()
        .map((word) => word.text)
        .join(" "),
      "the third of may",
    );
  });

  it("listens for the alternatives of a choice", () => {
    const frames: Frame[] = [" ", "_", "b", "_", "l", "_", "u", "_", { e: 0.5, r: 0.5 }, "_"];
    const withChoice = new Grammar({ symbols: SYMBOLS, phrases: ["blur"], words: ["blue"] });
    const decoder = new Decoder(withChoice);
    decoder.expect({ kind: "choice", choices: ["The blue one", "The red one"] });
    hearAll(decoder, symbolsOf(frames));
    assert.equal(decoder.endTurn()[0]!.text, "blue");
  });

  it("gives partial results, each word as soon as it is complete", () => {
    assert.deepEqual(hearAll(new Decoder(grammar), symbolsOf(framesOf("where is my order"))), [
      "where",
      "where is",
      "where is my",
      "where is my order",
    ]);
  });

  it("revises a word when more of it is heard", () => {
    const seen = hearAll(new Decoder(grammar), symbolsOf([...framesOf("nine"), ..."____", ..."t_e_e_n_"]));
    assert.deepEqual(seen, ["nine", "nineteen"]);
  });

  it("places words on the media clock", () => {
    const decoder = new Decoder(grammar);
    hearAll(decoder, symbolsOf([..."____________", ...framesOf("my order")]), 10_000);
    const [my, order] = decoder.endTurn();
    assert.deepEqual([my!.startMs, my!.endMs], [10_000 + 14 * 20, 10_000 + 17 * 20]);
    assert.deepEqual([order!.startMs, order!.endMs], [10_000 + 20 * 20, 10_000 + 29 * 20]);
  });

  it("is surer of what was heard clearly", () => {
    const confidence = (frames: readonly Frame[]): number => {
      const decoder = new Decoder(grammar);
      hearAll(decoder, symbolsOf(frames));
      return decoder.endTurn()[0]!.confidence;
    };
    const clear = confidence(framesOf("order"));
    const unclear = confidence([" ", "_", "o", "_", { r: 0.1, _: 0.9 }, "_", "d", "_", { e: 0.2, a: 0.8 }, "_", "r"]);
    assert.ok(clear > 0.9 && unclear < 0.7, `${clear} ${unclear}`);
  });

  it("begins each turn empty and repeats itself exactly", () => {
    const decoder = new Decoder(grammar);
    const symbols = symbolsOf(framesOf("cancel my order please"), 0.2);
    hearAll(decoder, symbols);
    const first = decoder.endTurn();
    assert.deepEqual(decoder.words(), []);
    hearAll(decoder, symbols);
    assert.deepEqual(decoder.endTurn(), first);
  });

  it("hears an hour of talk in one turn with bounded memory", () => {
    const decoder = new Decoder(grammar);
    const symbols = symbolsOf(framesOf("where is my order i want to return my shoes"));
    for (let round = 0; round < 400; round++) hearAll(decoder, symbols, round * 4000);
    const words = decoder.endTurn();
    assert.ok(words.length > 300 && words.length <= 401, `${words.length} words`);
    assert.deepEqual(
      words.slice(-4).map((word) => word.text),
      ["return", "my", "shoes"].toSpliced(0, 0, "to"),
    );
  });

  it("never fails, whatever the symbols", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -30, max: 0, noNaN: true }), { minLength: 4 * WIDTH, maxLength: 4 * WIDTH }),
        (lp) => {
          const decoder = new Decoder(grammar);
          const symbols = Float32Array.from(lp);
          for (let i = 0; i < 6; i++) hearAll(decoder, symbols);
          for (const word of decoder.endTurn()) {
            assert.ok(word.confidence >= 0 && word.confidence <= 1 && word.endMs > word.startMs);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("kthLargest", () => {
  it("agrees with sorting", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 60 }),
        fc.nat(),
        (values, pick) => {
          const k = 1 + (pick % values.length);
          assert.equal(
            kthLargest(Float64Array.from(values), values.length, k),
            values.toSorted((a, b) => b - a)[k - 1],
          );
        },
      ),
    );
  });
});

describe("Grammar", () => {
  it("spells wordings in the model's letters", () => {
    assert.deepEqual(wordsOf("I’d like  CAFÉ no. 5, please!"), ["i'd", "like", "cafe", "no", "please"]);
  });

  it("refuses an alphabet that lacks letters", () => {
    assert.throws(() => new Grammar({ symbols: ["<blank>", " ", "a"], phrases: [] }), {
      code: "DECODER_LEXICON_INVALID",
    });
  });
});
