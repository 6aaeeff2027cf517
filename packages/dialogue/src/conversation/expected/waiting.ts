import type { Expected } from "./expected.ts";

const slow = (ms: number) => `~ order-status found @${ms}`;

export const WAITING: Expected = [
  [
    "a quick lookup needs no filler",
    ["> where is my order four seven two nine one", slow(300), "< tomorrow", "! moment", "! looking up"],
  ],
  [
    "a lookup of two seconds gets one short filler",
    ["> where is my order four seven two nine one", slow(4000), "< looking up your order", "< tomorrow"],
  ],
  [
    "six seconds: still working, then the answer",
    [
      "> where is my order four seven two nine one",
      slow(9000),
      "< looking up your order",
      "< still looking up",
      "< tomorrow",
    ],
  ],
  [
    "too long: a call back is offered and arranged",
    [
      "> where is my order four seven two nine one",
      slow(60000),
      "< call you back",
      "> yes please",
      '+ call-back {"to":"+447700900123"}',
      "< within the hour",
    ],
  ],
  [
    "too long: a message is sent at once to who would rather have one",
    [
      "> where is my order four seven two nine one",
      slow(60000),
      "< call you back, or send you a message",
      "> send me a message please",
      '+ send-message {"to":"+447700900123","channel":"sms"}',
      "< ends in one two three",
      "< anything else",
    ],
  ],
  [
    "too long: the message brings the answer when it has come, and the caller is told",
    [
      "> where is my order four seven two nine one",
      slow(22000),
      "< send you a message",
      "> a text please",
      "< ends in one two three",
      ". 12000",
      '+ send-message {"text":"Harbour and Lane: Order four seven two, nine one has been shipped. You should have it tomorrow, Tuesday the third."}',
      "< just sent it to you",
    ],
  ],
  [
    "too long: a message that cannot be sent is admitted, and a call back offered",
    [
      "> where is my order four seven two nine one",
      slow(60000),
      "< send you a message",
      "> text me",
      "< couldn't be sent",
      "< call you back",
      "> yes",
      "+ call-back",
    ],
    { findings: { "send-message": "failed" } },
  ],
  [
    "too long: nobody whose number is hidden is offered a message",
    ["> where is my order four seven two nine one", slow(60000), "< call you back when we have it", "! message"],
    { from: "anonymous" },
  ],
  [
    "too long: not the call but the message",
    [
      "> where is my order four seven two nine one",
      slow(60000),
      "< send you a message",
      "> don't call me just send a text",
      "+ send-message",
      "! call you back",
    ],
  ],
  [
    "too long: a call back at a time that is named with the yes is arranged once",
    [
      "> where is my order four seven two nine one",
      slow(60000),
      "< call you back",
      "> yes call me back at four",
      '+ call-back {"at":"2026-03-02T16:00:00.000Z"}',
      "< today at four in the afternoon",
      "! within the hour",
    ],
  ],
  [
    "a message is sent to who asks for one while waiting",
    [
      "> where is my order four seven two nine one",
      slow(60000),
      "< looking up",
      "> can you just text me when you have it",
      "+ send-message",
      "< ends in one two three",
    ],
  ],
  [
    "too long: the caller would rather wait",
    ["> where is my order four seven two nine one", slow(60000), "< call you back", "> no I'll wait", "< wait"],
  ],
  [
    "meanwhile another question is answered, and the finding woven in",
    [
      "> where is my order four seven two nine one",
      slow(6000),
      "> what time do you close",
      "< eight in the evening",
      "< tomorrow, Tuesday",
    ],
  ],
  [
    "a finding never comes into the middle of a number",
    ["> where is my order four seven two nine one", slow(7000), "> I want to return a lamp", "< tomorrow, Tuesday"],
  ],
  [
    "silence: the question again, a check, a goodbye",
    [
      "> where is my order",
      "< order number",
      ". 9000",
      "< order number",
      ". 11000",
      "< here",
      ". 12000",
      "< Goodbye",
      "x hang-up",
    ],
  ],
  [
    "silence for good after the answer ends in a goodbye",
    ["> what time do you close", "< anything else", ". 9500", "< still there", ". 9500", "< goodbye", "x hang-up"],
  ],
  ["silence after the answer", ["> what time do you close", "< anything else", ". 9500", "< still there"]],
  [
    "somebody who comes back is heard",
    ["> where is my order", "< order number", ". 20000", "> four seven two nine one", "< tomorrow"],
  ],
  [
    "hold on is waited through quietly, with one check",
    [
      "> where is my order",
      "< order number",
      "> hold on a minute",
      "< take your time",
      ". 30000",
      "! still there",
      ". 32000",
      "< still here",
      ". 60000",
      "! here",
      "> ok it's four seven two nine one",
      "< tomorrow",
    ],
  ],
  [
    "remind me in four minutes",
    [
      "> what time do you close",
      "< anything else",
      "> remind me in four minutes to check the oven",
      "< four minutes",
      ". 200000",
      "! remind",
      ". 45000",
      "< remind you to check the oven",
    ],
  ],
  [
    "call me back at four",
    [
      "> can you call me back at four",
      '+ call-back {"at":"2026-03-02T16:00:00.000Z"}',
      "< today at four in the afternoon",
    ],
  ],
  ["call me back, some time", ["> could you call me back later", "+ call-back", "< within the hour"]],
];
