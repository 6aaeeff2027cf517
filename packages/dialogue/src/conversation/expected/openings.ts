import type { Expected } from "./expected.ts";

const opening = { skipOpening: false };

export const OPENINGS: Expected = [
  [
    "says who it is and that it is a machine, then asks for consent",
    ["< this is Robin", "< automated assistant", "< May I record this call"],
    opening,
  ],
  ["consent leads to the question", ["< May I record", "> yes", "< Thank you", "! I won't record", "< you"], opening],
  ["consent in other words", ["< May I record", "> yeah that's fine", "< Thank you"], opening],
  [
    "a refusal is respected and the call goes on",
    [
      "< May I record",
      "> no I'd rather not",
      "< I won't record it",
      "> where is my order 47291",
      "< four seven two, nine one",
    ],
    opening,
  ],
  [
    "a caller who skips the question is helped, not recorded",
    [
      "< May I record",
      "> where is my order four seven two nine one",
      '+ order-status {"orderNumber":"47291"}',
      "< four seven two, nine one",
    ],
    opening,
  ],
  [
    "an unclear answer is asked about once",
    ["< May I record", "> the cat sat there", "< May I record", "> the cat sat there again", "! May I record"],
    opening,
  ],
  ["the disclosure is not cut by an interrupter", [">>3 hello where is my order", "< automated assistant"], opening],
  ["a greeting alone is answered with the question", ["> hello", "< you"]],
  [
    "silence is no consent, and the call goes on",
    ["< May I record", ". 8000", "< you", "! May I record", "> where is my order 47291", "< tomorrow"],
    opening,
  ],
  [
    "a number begun instead of an answer goes on too",
    ["< May I record", "> it is four seven two", "< you", "! May I record"],
    opening,
  ],
];
