import type { Expected } from "./expected.ts";

export const OVERLAPS: Expected = [
  [
    "an interrupted answer goes on where hearing ended",
    ["> where is my order four seven two nine one", ">>3 hang on", "< take your time"],
  ],
  ["an interrupter who says nothing of use: the rest is said", ["> what time do you close", ">>9 sorry", "< eight"]],
  [
    "an interrupted question is not taken as asked",
    ["> please cancel order four seven two nine one", ">>3 yes", "< Shall I cancel", "! is cancelled"],
    { findings: { "find-customer": { customers: [{ name: "John Smith", phone: "+447700900123" }] } } },
  ],
  [
    "a correction over the answer: the stale rest is never heard",
    [
      "> where is my order four seven two nine one",
      ">>4 no nine two",
      '+ order-status {"orderNumber":"47292"}',
      "< four seven two, nine two",
    ],
  ],
  [
    "a new want over an answer",
    ["> where is my order four seven two nine one", ">>12 what time do you close", "< eight in the evening"],
  ],
  [
    "a side question over a question, then back",
    [
      "> where is my order",
      ">>2 what time do you close",
      "< eight in the evening",
      "< order number",
      "> 47291",
      "< tomorrow",
    ],
  ],
  [
    "an early number over its question",
    ["> where is my order", ">>2 four seven two nine one", '+ order-status {"orderNumber":"47291"}', "< tomorrow"],
  ],
  [
    "goodbye over the answer ends the call",
    ["> what time do you close", ">>5 ok thanks bye", "< goodbye", "x hang-up"],
  ],
  [
    "a new want over the goodbye keeps the call",
    ["> what time do you close", "> no that's all thanks", ">>2 wait where is my order", "< order number", "! hang"],
  ],
  [
    "side talk over an answer takes no floor and is no answer",
    [
      "> where is my order four seven two nine one",
      ">s3 put it on the table please",
      "< tomorrow",
      "! Sorry",
      "< anything else",
    ],
  ],
  [
    "an answer is heard even where it sounds like side talk",
    ["> where is my order", ">s3 four seven two nine one", "< tomorrow"],
  ],
  ["stop means stop", ["> what time do you close", ">>4 stop", "! evening", "> where is my order", "< order number"]],
];
