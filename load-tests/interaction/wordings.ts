/** What callers of the bench say; none of it is in training's lists. */

export const QUESTIONS = [
  "could you tell me where my parcel has got to",
  "I would like to know when my delivery is going to arrive",
  "what time does your shop close on a Saturday",
  "I want to send back a pair of boots",
  "how many loyalty points have I collected so far",
  "please cancel the order that I placed this morning",
  "can I have a copy of my invoice by e-mail",
  "I need to change the address for my order",
  "the kettle that you sent me is broken",
  "I have not had my refund yet",
  "do you sell that green armchair without the cushions",
  "somebody told me that you would ring me back today",
  "is there any chance of having it delivered before noon",
  "my neighbour took in a box that is not mine",
  "what do I do with the old mattress",
];

export const HALVES: [string, string][] = [
  ["I ordered a lamp last week and", "it has still not turned up"],
  ["well I was wondering whether", "you could tell me about my delivery"],
  ["I would like to return", "the blue jacket that I bought"],
  ["so the thing is that my", "parcel arrived without the charger"],
  ["um", "can I change my delivery address please"],
  ["could you let me know if", "my order has been sent out"],
  ["it was on the Monday", "no sorry on the Tuesday that I rang you"],
  ["my wife bought a mirror from you", "and the frame has come off"],
];

export const STORIES: [string, string, string][] = [
  [
    "so last Tuesday I ordered a coffee machine for my sister",
    "and it came on Friday which was fine but when she opened it",
    "the jug was cracked so I would like a new one",
  ],
  [
    "I rang yesterday and spoke to a gentleman about a sofa",
    "and he told me somebody would call me back this morning",
    "but nobody has so I am trying again",
  ],
  [
    "we moved house in the spring and I told you the new address",
    "but the chairs went to the old one and the people there",
    "say that they never saw a delivery van at all",
  ],
];

export const DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
export const spelled = (digits: string): string => Array.from(digits, (digit) => DIGITS[Number(digit)]).join(" ");

export const ASK_FOR_ORDER = "where is my order";
export const CORRECTIONS = ["no sorry I meant", "sorry that was wrong it is", "hold on no it is"];

export const INTERRUPTIONS = [
  "sorry can I just stop you there",
  "no that is not what I asked for",
  "hang on I have a different question",
  "wait I meant the other order",
  "actually could you tell me about my refund instead",
];
export const BACKCHANNELS = ["yeah", "mm-hm", "okay", "right", "uh-huh", "I see"];
export const ASIDES = [
  "darling can you turn the oven off please",
  "no put it on the table over there",
  "just a second sweetheart I am on the phone",
];
export const TELEVISION = [
  "and in other news the council has voted to close the old bridge for repairs until the spring",
  "coming up after the break we talk to three gardeners about their prize winning roses",
];
