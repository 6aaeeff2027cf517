import type { Expected } from "./expected.ts";

const mine = {
  findings: { "find-customer": { customers: [{ id: "c-1", name: "John Smith", phone: "+447700900123" }] } },
};

export const INITIATIVE: Expected = [
  [
    "two wants in one breath are named and done in turn",
    [
      "> where is my order and I want to use my points",
      "< first",
      "< order number",
      "> 47291",
      "< tomorrow",
      "< points",
    ],
  ],
  [
    "a side question is answered and the thread resumed",
    [
      "> where is my order",
      "< order number",
      "> what time do you close",
      "< eight in the evening",
      "< order number",
      "> 47291",
      "< tomorrow",
    ],
  ],
  [
    "never mind drops the want",
    ["> where is my order", "< order number", "> never mind", "! order number", "< anything else"],
  ],
  [
    "never mind, then something else",
    ["> where is my order", "< order number", "> never mind what time do you close", "< eight in the evening"],
  ],
  [
    "text me that: what was heard last is sent in writing",
    [
      "> where is my order four seven two nine one",
      "< anything else",
      "> can you text me that",
      '+ send-answer {"channel":"sms","when":"at-once","lookup":{"kind":"order-status","input":{"orderNumber":"47291"}}}',
      "< ends in one two three",
      "! By the way",
      "< anything else",
    ],
  ],
  [
    "a want and how it is to be told, in one breath: answered at once",
    ["> email me my invoice please", "< order number", "! e-mail address"],
  ],
  ["are you a robot", ["> are you a robot", "< automated assistant", "< person"]],
  [
    "are you a robot, in the middle",
    ["> where is my order", "< order number", "> am I talking to a machine", "< automated assistant", "< order number"],
  ],
  ["stop recording", ["> please stop recording", "< stopped the recording"]],
  ["thanks in between", ["> where is my order", "< order number", "> thanks four seven two nine one", "< tomorrow"]],
  [
    "not you, I was talking to my son",
    ["> where is my order", "< order number", "> not you I was talking to my son", "< No problem", "< order number"],
  ],
  [
    "an answer with a new want behind it",
    ["> what time do you close", "< anything else", "> no but where is my order", "< order number"],
  ],
  ["yes to anything else", ["> what time do you close", "< anything else", "> yes", "< you"]],
  [
    "yes and at once the want",
    ["> what time do you close", "< anything else", "> yes where is my order", "< order number"],
  ],
  [
    "the number comes with the want, the want after the number",
    [
      "> my order number is four seven two nine one and I want to cancel my order",
      "< Shall I cancel order four seven two, nine one",
    ],
    mine,
  ],
  [
    "a change of mind at the last question",
    ["> I want to cancel my order 47291", "< Shall I cancel", "> no where is it where is my order", "< tomorrow"],
    mine,
  ],
  [
    "a correction at the last question",
    [
      "> I want to cancel my order 47291",
      "< Shall I cancel order four seven two, nine one",
      "> no it's 47292",
      "< Shall I cancel order four seven two, nine two",
      "> yes",
      '+ cancel-order {"orderNumber":"47292"}',
    ],
    mine,
  ],
  [
    "a person is asked for in the middle, and knows the context",
    [
      "> where is my order",
      "< order number",
      "> just put me through to a human please",
      "< put you through",
      "x transfer",
    ],
  ],
  [
    "out of hours a person means a call back",
    ["> can I speak to a real person", "< aren't in", "< call you back", "> yes", "+ call-back"],
    { startedAt: "2026-03-01T10:00:00Z" },
  ],
];
