import type { Expected } from "./expected.ts";

const ANSWERED = ["> where is my order four seven two nine one", "< anything else"] as const;
const ASKED = ["> where is my order", "< order number"] as const;
const LOOKED_UP = '+ order-status {"orderNumber":"47291"}';
const ENDS = ["< goodbye", "x hang-up"] as const;
const mine = {
  findings: { "find-customer": { customers: [{ id: "c-1", name: "John Smith", phone: "+447700900123" }] } },
};

/** What a poor line makes of plain words, and what is done all the same: asked, never guessed, and not for ever. */
export const MISHEARD: Expected = [
  ["goodbye, behind a no and thanks", [...ANSWERED, "> no thank you goodbye", "< four seven two", ...ENDS]],
  ["goodbye in two words", [...ANSWERED, "> no thank you good bye", ...ENDS]],
  ["goodbye among noise", [...ANSWERED, "> a no i thank you good bye now", ...ENDS]],
  ["goodbye whose no was lost", [...ANSWERED, "> thank you goodbye", ...ENDS]],
  ["goodbye whose thanks were lost", [...ANSWERED, "> no goodbye", ...ENDS]],
  ["a no whose goodbye was lost", [...ANSWERED, "> no thank", ...ENDS]],
  ["know thanks", [...ANSWERED, "> know thanks", ...ENDS]],
  ["now thank you", [...ANSWERED, "> now thank you", ...ENDS]],
  [
    "half a goodbye is asked about once, and then believed",
    [...ANSWERED, "> thank you good", "< was that all", "! goodbye", "> thank you good", ...ENDS],
  ],
  ["half a goodbye, then a no", [...ANSWERED, "> thank you by", "< was that all", "> no that was all", ...ENDS]],
  ["I'm good, half heard", [...ANSWERED, "> no i good", ...ENDS]],
  [
    "half a goodbye that was none",
    [...ANSWERED, "> thank you good", "< was that all", "> what time do you close", "< eight in the evening"],
  ],
  ["thanks twice are an end", [...ANSWERED, "> thank you", "< was that all", "> thank you", ...ENDS]],
  ["a goodbye hardly heard is asked about", [...ANSWERED, ">0.3 goodbye", "< was that all", "> no", ...ENDS]],
  [
    "a bye in the midst of a sentence ends nothing",
    [...ANSWERED, "> the parcel that came bye the way was wet inside", "! Thank you for calling", "! and goodbye"],
  ],
  ["a goodbye over the answer", ["> what time do you close", ">>5 no thank you goodbye", ...ENDS]],
  ["a goodbye instead of a number", [...ASKED, "> sorry goodbye", ...ENDS]],
  ["noise after the answer is asked about", [...ANSWERED, "> the blue elephant", "! goodbye", "> no thanks", ...ENDS]],

  ["I meant", [...ASKED, "> four seven two nine five I meant one", LOOKED_UP]],
  ["I mean, in a later turn", [...ASKED, "> four seven two nine five", "> I mean nine one", LOOKED_UP]],
  ["I meant, in a later turn", [...ASKED, "> four seven two nine five", "> I meant nine one", LOOKED_UP]],
  ["sorry, nine one", [...ASKED, "> four seven two nine five", "> sorry nine one", LOOKED_UP]],
  ["no, nine one", [...ASKED, "> four seven two nine five", "> no nine one", LOOKED_UP]],
  ["no no, nine one", [...ASKED, "> four seven two nine five", "> no no nine one", LOOKED_UP]],
  ["my mistake", [...ASKED, "> four seven two nine five", "> oh my mistake nine one", LOOKED_UP]],
  ["I said", [...ASKED, "> four seven five nine one", "> no I said four seven two nine one", LOOKED_UP]],
  [
    "a correction with long pauses starts no lookup in between",
    [
      ...ASKED,
      "> four seven two nine five ... sorry ... nine ... one",
      LOOKED_UP,
      "< four seven two, nine one",
      "! nine nine",
      "! nine five",
    ],
  ],

  ["oh before the number is no zero", [...ASKED, "> oh four seven two nine one", LOOKED_UP]],
  ["hesitations are no digits", [...ASKED, "> uh four seven um two erm nine one", LOOKED_UP]],
  [
    "a digit heard twice is asked about, not taken for a sixth",
    [...ASKED, "> four seven seven two nine one", "< four seven two, nine one", "> yes", LOOKED_UP],
  ],
  ["a first digit heard twice", [...ASKED, "> four four seven two nine one", LOOKED_UP]],
  [
    "a digit heard as another word: the likely number is confirmed before it is looked up",
    [...ASKED, "> four seven two fine one", "< four seven two, five one", "> no nine one", LOOKED_UP],
  ],
  [
    "a digit in the midst that was no digit: only that one is asked for",
    [...ASKED, "> four seven banana nine one", "< third digit", "! order number", "> two", LOOKED_UP],
  ],
  [
    "only one is asked for, and the whole number comes",
    [...ASKED, "> four banana two nine one", "< second digit", "> four seven two nine one", LOOKED_UP],
  ],
  [
    "only one is asked for, and told by its place",
    [...ASKED, "> four seven banana nine one", "< third digit", "> the third digit is two", LOOKED_UP],
  ],
  [
    "a dropped digit: what was heard is read back, and the whole number may come",
    [...ASKED, "> four seven two one", "< four seven two one", "> no four seven two nine one", LOOKED_UP],
  ],
  [
    "the last digit, heard as another word",
    [...ASKED, "> four seven two nine", "< last digit", "> when", "< four seven two, nine one", "> yes", LOOKED_UP],
  ],
  [
    "digits hardly heard are confirmed, and looked up only then",
    [...ASKED, ">0.4 four seven two nine one", "< is that", "> yes", LOOKED_UP],
  ],
  [
    "a confirmation hardly heard is no confirmation",
    [...ASKED, ">0.4 four seven two nine one", "< is that", ">0.3 yes", "< yes or a no", "> yes", LOOKED_UP],
  ],
  [
    "a number denied twice is typed, denied again it goes to a person",
    [
      ...ASKED,
      ">0.4 four seven two nine five",
      "> no",
      "< digit by digit",
      ">0.4 four seven two nine five",
      "> no",
      "< keypad",
      ">0.4 four seven two nine five",
      "> no",
      "< put you through",
      "x transfer",
    ],
  ],
  [
    "a yes or no that never comes clear goes to a person",
    [
      "> please cancel order four seven two nine one",
      "< Shall I cancel",
      "> yes no",
      "< yes or a no",
      "> yes no",
      "< yes or a no",
      "> no yes",
      "! is cancelled",
      "x transfer",
    ],
    mine,
  ],
  [
    "nothing is cancelled on a yes that was hardly heard",
    [
      "> please cancel order four seven two nine one",
      "< Shall I cancel",
      ">0.3 yes",
      "< yes or a no",
      "! is cancelled",
      "> yes",
      "< is cancelled",
    ],
    mine,
  ],
  [
    "nothing is recorded on a yes that was hardly heard",
    ["< May I record", ">0.3 yes", "< May I record", "> no", "< won't record"],
    { skipOpening: false },
  ],
  ["guess for yes is asked about", [...ASKED, ">0.4 four seven two nine one", "> guess", "< yes or a no"]],
  ["a want with a wrong little word", ["> where is by order", "< order number"]],
  ["a want with a dropped word", ["> where my order", "< order number"]],
  ["a want with noise before it", ["> uh the a where is my order", "< order number"]],
  [
    "a want hardly heard is not acted on",
    [">0.2 the money thing please", "! money", "> I'd like a refund", "< order number"],
  ],
  ["a misheard filler is no answer", [...ASKED, "> um a", "! Sorry", "> four seven two nine one", LOOKED_UP]],
  [
    "nothing but noise: again, the keypad, a person",
    [
      ...ASKED,
      "> a the of",
      "< digit by digit",
      "> of the a",
      "< keypad",
      "> the of a",
      "< put you through",
      "x transfer",
    ],
  ],
];
