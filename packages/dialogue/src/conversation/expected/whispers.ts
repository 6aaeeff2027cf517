import type { Expected } from "./expected.ts";

const mine = {
  findings: { "find-customer": { customers: [{ id: "c-1", name: "John Smith", phone: "+447700900123" }] } },
};

/** What a supervisor whispers, and what the caller hears of it. */
export const WHISPERS: Expected = [
  ["say: is said word for word", ["w say: You have free delivery today.", "< You have free delivery today"]],
  ["say: never says what the policy forbids", ["w say: I guarantee it.", "! guarantee", "< can't talk about that"]],
  [
    "offer a refund: the playbook's own want, taken up with a yes",
    [
      "> where is my order four seven two nine one",
      "< anything else",
      "w offer a refund",
      "< help you with your refund",
      "> yes please",
      "< Shall I request the refund for order four seven two, nine one",
      "> yes",
      "+ request-refund",
    ],
    mine,
  ],
  [
    "offer a refund: a no is a no, and nothing was requested",
    ["w please offer them a refund", "< help you with your refund", "> no", "! request the refund"],
  ],
  ["don't offer a refund offers none", ["w don't offer a refund", "! refund"]],
  [
    "transfer to a human",
    ["> where is my order", "< order number", "w transfer to a human", "< put you through", "x transfer"],
  ],
  [
    "offer a colleague",
    ["w offer to put them through", "< speak to a colleague", "> yes", "< put you through", "x transfer"],
  ],
  [
    "verify first: even what needs no verification waits for the name",
    ["w verify first", "> where is my order four seven two nine one", "< full name", "> John Smith", "< tomorrow"],
  ],
  [
    "a fact need not be asked for",
    [
      "> where is my order",
      "< order number",
      "w the order number is 47291",
      '+ order-status {"orderNumber":"47291"}',
      "< four seven two, nine one",
    ],
  ],
  ["offer a call back", ["w offer a call back", "< call you back", "> yes", "+ call-back"]],
  ["offer a message", ["w offer to send a message", "< message", "> yes please", "+ send-message"]],
  ["wrap up", ["> what time do you close", "< anything else", "w wrap it up", "< goodbye", "x hang-up"]],
  ["ask again", ["> where is my order", "< order number", "w ask them again", "< order number"]],
  ["a note changes nothing", ["w note: she has called twice today", "! twice"]],
  ["what is not understood changes nothing", ["w purple elephants dance", "! elephants"]],
];
