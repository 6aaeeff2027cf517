import type { Expected } from "./expected.ts";

export const REPAIRS: Expected = [
  [
    "only what is missing is asked for",
    ["> where is my order", "< order number", "> four seven two", "< last two digits", "! What's your order number"],
  ],
  ["one missing digit", ["> where is my order", "< order number", "> four seven two nine", "< the last digit"]],
  [
    "too many digits are interrupted, politely",
    ["> where is my order", "< order number", "> four seven two nine one five six eight", "< five digits"],
  ],
  [
    "a sixth digit in a later breath",
    [
      "> where is my order",
      "< order number",
      "> one two three four five six",
      "< five digits",
      "> four seven two nine one",
      '+ order-status {"orderNumber":"47291"}',
    ],
  ],
  [
    "not understood: asked again, then the keypad, then a person",
    [
      "> where is my order",
      "< order number",
      "> the blue elephant",
      "< order number",
      "> the blue elephant again",
      "< keypad",
      "> elephants all over",
      "< put you through",
      "x transfer",
    ],
  ],
  [
    "the keypad mends it",
    [
      "> where is my order",
      "< order number",
      "> the blue elephant",
      "> the blue elephant again",
      "< keypad",
      "# 47291",
      '+ order-status {"orderNumber":"47291"}',
      "< tomorrow",
    ],
  ],
  [
    "low confidence is confirmed",
    [
      "> where is my order",
      "< order number",
      ">0.4 four seven two nine one",
      "< four seven two, nine one",
      "> yes that's right",
      "< tomorrow",
    ],
  ],
  [
    "a denied confirmation asks again",
    [
      "> where is my order",
      "< order number",
      ">0.4 four seven two nine one",
      "< four seven two, nine one",
      "> no",
      "< order number",
      "> five five five one two",
      "< five five five, one two",
    ],
  ],
  [
    "a denial that brings the right value",
    [
      "> where is my order",
      "< order number",
      ">0.4 four seven two nine one",
      "< four seven two, nine one",
      "> no nine two",
      '+ order-status {"orderNumber":"47292"}',
    ],
  ],
  [
    "high confidence is not confirmed",
    ["> where is my order four seven two nine one", "< tomorrow", "! is that right"],
  ],
  [
    "an open question not understood is put again, with examples, then a person",
    [
      "> blue elephants dance",
      "< Sorry",
      "> more blue elephants",
      "< your order",
      "> purple monkeys",
      "< put you through",
      "x transfer",
    ],
  ],
  [
    "say that again",
    ["> what time do you close", "< eight in the evening", "> sorry what was that", "< eight in the evening"],
  ],
  ["say that again for a question", ["> where is my order", "< order number", "> pardon", "< order number"]],
  [
    "slower",
    ["> what time do you close", "< eight in the evening", "> can you speak more slowly", "< eight in the evening"],
  ],
  ["faster", ["> what time do you close", "< eight in the evening", "> you can speak faster", "< Of course", "< you"]],
  [
    "slower in the middle of a question puts it again",
    ["> where is my order", "< order number", "> slow down please", "< Of course", "< order number"],
  ],
  [
    "speak up is say that again",
    ["> what time do you close", "< eight", "> can you speak up", "< eight in the evening"],
  ],
  [
    "I don't have it is no digits: where it can be found, and time to look",
    [
      "> where is my order",
      "< order number",
      "> I don't have it",
      "< e-mail",
      "< Take your time",
      ". 30000",
      "! still there",
      "> ok it's four seven two nine one",
      "< tomorrow",
    ],
  ],
  [
    "who really does not have it is offered a person",
    [
      "> where is my order",
      "< order number",
      "> I don't have it",
      "< e-mail",
      "> I can't find it",
      "< colleague",
      "> yes",
      "< put you through",
      "x transfer",
    ],
  ],
  ["a murmur is not a failure", ["> where is my order", "< order number", "> ok", "! Sorry"]],
];
