import type { Expected } from "./expected.ts";

const number = ['+ find-customer {"orderNumber":"47291"}'];
const mine = {
  findings: { "find-customer": { customers: [{ id: "c-1", name: "John Smith", phone: "+447700900123" }] } },
};

export const WANTS: Expected = [
  [
    "order status in one breath",
    [
      "> where is my order four seven two nine one",
      '+ order-status {"orderNumber":"47291"}',
      "< four seven two, nine one",
      "< tomorrow, Tuesday the third",
    ],
  ],
  [
    "order status, number asked for",
    [
      "> I'd like to check on my order",
      "< order number",
      "> four seven two nine one",
      '+ order-status {"orderNumber":"47291"}',
      "< tomorrow, Tuesday the third",
    ],
  ],
  [
    "a delivered order",
    ["> has my order been shipped yet", "< order number", "> 47291", "< was delivered yesterday, Sunday the first"],
    { findings: { "order-status": { order: { status: "delivered", deliveredOn: "2026-03-01" } } } },
  ],
  [
    "an order out for delivery with its window",
    ["> any news on order 47291", "< out for delivery today, between two and four"],
    { findings: { "order-status": { order: { status: "out-for-delivery", deliveryWindow: "two and four" } } } },
  ],
  [
    "a sentence without its value is left out",
    ["> where is my order 47291", "< four seven two, nine one", "! with you"],
    { findings: { "order-status": { order: { status: "shipped" } } } },
  ],
  [
    "delivery",
    [
      "> when will my parcel arrive",
      "< order number",
      "> 4 7 2 9 1",
      '+ delivery-status {"orderNumber":"47291"}',
      "< Swift Parcels",
    ],
  ],
  [
    "return by a caller whose number is known",
    [
      "> I want to return a lamp",
      "< order number",
      "> four seven two nine one",
      ...number,
      "< Shall I arrange the return of order four seven two, nine one",
      "> yes please",
      '+ request-return {"orderNumber":"47291"}',
      "< The return is arranged",
    ],
    mine,
  ],
  [
    "return needs the caller's name when the number is not theirs",
    [
      "> I want to return a lamp",
      "< order number",
      "> four seven two nine one",
      ...number,
      "< full name",
      "> John Smith",
      "< Shall I arrange the return",
      "> yes",
      "+ request-return",
      "< arranged",
    ],
  ],
  [
    "a wrong name is asked for again, then the door stays shut",
    [
      "> I want to cancel my order",
      "> 47291",
      "< full name",
      "> Peter Miller",
      "< name",
      "> Anna Jones",
      "< doesn't match",
      "! Shall I cancel",
    ],
  ],
  [
    "a spelled name passes",
    ["> I want to cancel my order", "> 47291", "< full name", "> it's John Smith S M I T H", "< Shall I cancel order"],
  ],
  [
    "refund",
    [
      "> I want my money back",
      "> 47291",
      "< Shall I request the refund",
      "> go ahead",
      "+ request-refund",
      "< forty-two pounds fifty",
    ],
    mine,
  ],
  [
    "cancel",
    [
      "> please cancel the order four seven two nine one",
      "< Shall I cancel order four seven two, nine one",
      "> yes",
      "+ cancel-order",
      "< is cancelled",
    ],
    mine,
  ],
  [
    "cancel, but a no is a no",
    [
      "> please cancel the order four seven two nine one",
      "< Shall I cancel",
      "> no",
      "< leave it as it is",
      "! is cancelled",
    ],
    mine,
  ],
  [
    "nothing is cancelled on an unclear answer",
    [
      "> please cancel the order four seven two nine one",
      "< Shall I cancel",
      "> yes no",
      "< yes or a no",
      "> no don't",
      "< leave it",
    ],
    mine,
  ],
  [
    "change of address",
    [
      "> I need to change my address",
      "< order number",
      "> 47291",
      "< new address",
      "> twelve high street leeds",
      "< I have 12 High Street, Leeds",
      "> yes",
      '+ change-address {"address":"12 High Street, Leeds"}',
      "< goes to the new address",
    ],
    mine,
  ],
  ["invoice", ["> can you send me the invoice", "> 47291", "< forty-two pounds fifty", "< it's paid"], mine],
  ["store hours on a Monday", ["> what time do you close", "< eight in the morning to eight in the evening"]],
  [
    "store hours on a Saturday, Sunday closed",
    ["> are you open tomorrow", "< Tomorrow we're closed"],
    { startedAt: "2026-03-07T10:00:00Z" },
  ],
  [
    "loyalty by the caller's number",
    [
      "> how many points do I have",
      '+ loyalty-balance {"phone":"+447700900123"}',
      "< one thousand two hundred points",
      "< silver",
    ],
  ],
  [
    "complaint",
    [
      "> I want to make a complaint",
      "< sorry",
      "< Shall I write that down",
      "> yes please",
      "+ create-case",
      "< written it down",
    ],
  ],
  ["human", ["> can I speak to a real person", "< put you through", "x transfer"]],
  ["operator is enough", ["> operator please", "< put you through", "x transfer"]],
  [
    "a question for knowledge",
    ["> can you gift wrap something for my mother", "+ knowledge", "< free for orders over forty pounds"],
    { findings: {} },
  ],
  [
    "knowledge that knows nothing says so",
    ["> can you tell me who founded your firm", "+ knowledge", "< I"],
    { findings: { knowledge: "not-found" } },
  ],
  [
    "an order that does not exist is asked for again",
    [
      "> where is my order 47291",
      "< can't find an order four seven two, nine one",
      "< order number",
      "> 47292",
      '+ order-status {"orderNumber":"47292"}',
    ],
    { findings: { "order-status": "not-found" } },
  ],
  [
    "orders that do not exist: said again, then typed, then a person",
    [
      "> where is my order 47291",
      "< can't find",
      "< digit by digit",
      "> 47292",
      "< can't find",
      "< keypad",
      "# 47293",
      "< can't find",
      "< put you through",
      "x transfer",
    ],
    { findings: { "order-status": "not-found" } },
  ],
  [
    "a lookup that fails is admitted",
    ["> where is my order 47291", "< can't get at our orders right now"],
    { findings: { "order-status": "failed" } },
  ],
  [
    "another order after the first",
    [
      "> where is my order 47291",
      "< tomorrow",
      "> and where is my other order",
      "< order number",
      "> 55512",
      '+ order-status {"orderNumber":"55512"}',
      "< five five five, one two",
    ],
  ],
  [
    "the same number serves the next want",
    [
      "> where is my order 47291",
      "< tomorrow",
      "> I want to cancel it my order",
      "< Shall I cancel order four seven two, nine one",
    ],
    mine,
  ],
  [
    "torn between two wants: asked once, the likeliest first",
    ["> i've moved and need to update my delivery address", "< do you mean", "> the address", "< order number"],
  ],
];
