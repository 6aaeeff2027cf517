import type { Expected } from "./expected.ts";

export const CLOSINGS: Expected = [
  [
    "no, that's all: summary, goodbye, and only then the line is cut",
    [
      "> where is my order four seven two nine one",
      "< anything else",
      "> no that's all thank you",
      "< four seven two, nine one is shipped",
      "< goodbye",
      "x hang-up",
    ],
  ],
  ["bye", ["> what time do you close", "< anything else", "> bye", "< goodbye", "x hang-up"]],
  [
    "thanks, bye in one breath",
    ["> what time do you close", "< anything else", "> great thanks bye bye", "< goodbye", "x hang-up"],
  ],
  ["no thanks", ["> what time do you close", "< anything else", "> no thanks", "< goodbye", "x hang-up"]],
  ["nothing else", ["> what time do you close", "< anything else", "> nothing else", "< goodbye", "x hang-up"]],
  ["I'm good", ["> what time do you close", "< anything else", "> no I'm good", "< goodbye", "x hang-up"]],
  ["goodbye at once", ["> sorry wrong number goodbye", "< goodbye", "x hang-up"]],
  [
    "several things are summed up",
    [
      "> where is my order four seven two nine one",
      "< anything else",
      "> how many points do I have",
      "< silver",
      "< anything else",
      "> no thank you",
      "< points",
      "< goodbye",
      "x hang-up",
    ],
  ],
  [
    "thanks are no complaint",
    [
      "> what time do you close",
      "< anything else",
      "> great thank you very much",
      "! sorry",
      "> no",
      "< goodbye",
      "x hang-up",
    ],
  ],
  [
    "yes to anything else, then nothing after all",
    [
      "> what time do you close",
      "< anything else",
      "> ok",
      "< do for you",
      "> oh nothing thanks",
      "< goodbye",
      "x hang-up",
    ],
  ],
];
