import type { Expected } from "./expected.ts";

export const APPOINTMENTS: Expected = [
  [
    "books step by step",
    [
      "> I'd like to make an appointment",
      "< What",
      "> a check up",
      "< day",
      "> next tuesday",
      '+ free-appointments {"service":"check-up","on":"2026-03-10"}',
      "< eleven thirty in the morning",
      "> the second one",
      "< name",
      "> John Smith",
      "< Shall I book",
      "> yes",
      '+ book-appointment {"name":"John Smith","startsAt":"2026-03-10T11:30:00"}',
      "< You're booked",
    ],
  ],
  [
    "all in one breath",
    [
      "> I want to book a check up for tomorrow",
      '+ free-appointments {"service":"check-up","on":"2026-03-03"}',
      "< nine in the morning",
    ],
  ],
  [
    "chosen by its time",
    [
      "> book me in for an eye test on friday please",
      "< three in the afternoon",
      "> three o'clock please",
      "< name",
      "> Anna Novak",
      "< Shall I book",
      "> yes please",
      '+ book-appointment {"startsAt":"2026-03-06T15:00:00","service":"eye-test"}',
    ],
  ],
  [
    "a corrected day",
    [
      "> I want to book a cleaning for tomorrow",
      "< nine",
      "> sorry not tomorrow on thursday",
      '+ free-appointments {"on":"2026-03-05"}',
    ],
  ],
  [
    "nothing free",
    ["> I want to book a check up for tomorrow", "< nothing free", "< What"],
    { findings: { "free-appointments": "not-found" } },
  ],
  [
    "when is my appointment",
    [
      "> when is my appointment",
      '+ find-appointment {"phone":"+447700900123"}',
      "< Wednesday the fourth at ten thirty in the morning",
    ],
  ],
  [
    "cancels after a yes",
    [
      "> please cancel my appointment",
      "< ten thirty",
      "< Shall I cancel it",
      "> yes",
      '+ cancel-appointment {"id":"a-1"}',
      "< cancelled",
    ],
  ],
  [
    "moves",
    [
      "> I need to move my appointment",
      "< ten thirty",
      "< day",
      "> on friday",
      '+ free-appointments {"on":"2026-03-06"}',
      "< nine",
      "> the first one",
      "< Shall I move it",
      "> yes",
      '+ reschedule-appointment {"id":"a-1","startsAt":"2026-03-06T09:00:00"}',
      "< is now",
    ],
  ],
  ["opening hours", ["> are you open on saturday", "< eight in the morning to six in the evening"]],
  ["no consent is asked for where nothing is recorded", ["< not a person", "! record"], { skipOpening: false }],
];
