import type { Expected } from "./expected.ts";

const asked = (said: string, heard: string): readonly string[] => [
  "> where is my order",
  "< order number",
  `> ${said}`,
  `+ order-status {"orderNumber":"${heard}"}`,
];
const corrected = (first: string, then: string, heard: string): readonly string[] => [
  ...asked(first, "47291"),
  `> ${then}`,
  `+ order-status {"orderNumber":"${heard}"}`,
];

export const NUMBERS: Expected = [
  ["single digits", asked("four seven two nine one", "47291")],
  ["in groups with a pause", asked("four seven two ... nine one", "47291")],
  ["with hesitations", asked("um four seven uh two nine one", "47291")],
  ["oh for zero", asked("four oh two nine one", "40291")],
  ["zero, nought and o", asked("zero nought o nine one", "00091")],
  ["double", asked("double five two nine one", "55291")],
  ["triple", asked("triple five nine one", "55591")],
  ["pairs", asked("forty-seven two ninety-one", "47291")],
  ["teens", asked("seventeen twenty five three", "17253")],
  ["a hundred", asked("four hundred and seventy two ninety one", "47291")],
  ["thousands", asked("forty seven thousand two hundred and ninety one", "47291")],
  ["homophones among digits", asked("four to nine won too", "42912")],
  ["written figures", asked("47291", "47291")],
  ["written groups", asked("472 91", "47291")],
  ["within a sentence", asked("it's four seven two nine one I think", "47291")],
  ["after a lead-in", asked("yes the number is four seven two nine one please", "47291")],
  ["a false start", asked("four seven ... four seven two nine one", "47291")],
  ["a correction of the end in the same turn", asked("four seven two nine one no nine two", "47292")],
  ["a correction before the end", asked("four seven three no two nine one", "47291")],
  ["a correction of everything", asked("five five sorry four seven two nine one", "47291")],
  ["I mean", asked("four seven two nine five I mean one", "47291")],
  ["the last digit, in a later turn", corrected("four seven two nine one", "sorry the last digit is two", "47292")],
  [
    "the last two digits, in a later turn",
    corrected("four seven two nine one", "no the last two are nine two", "47292"),
  ],
  ["no, nine two", corrected("four seven two nine one", "no nine two", "47292")],
  ["not nine one, nine two", corrected("four seven two nine one", "not nine one nine two", "47292")],
  ["the third digit", corrected("four seven two nine one", "no the third digit is five", "47591")],
  ["a whole new number", corrected("four seven two nine one", "sorry it's five five five one two", "55512")],
  [
    "a correction while the lookup runs: only the corrected answer is heard",
    [
      "> where is my order four seven two nine one",
      "> sorry nine two",
      '+ order-status {"orderNumber":"47292"}',
      "< four seven two, nine two",
      "! four seven two, nine one",
    ],
    { findings: {} },
  ],
  [
    "given over two turns",
    [
      "> where is my order",
      "< order number",
      "> four seven two",
      "< last two digits",
      "> nine one",
      '+ order-status {"orderNumber":"47291"}',
    ],
  ],
  [
    "given over three turns",
    [
      "> where is my order",
      "< order number",
      "> four",
      "> seven two",
      "> nine one",
      '+ order-status {"orderNumber":"47291"}',
    ],
  ],
  ["typed", ["> where is my order", "< order number", "# 47291", '+ order-status {"orderNumber":"47291"}']],
  [
    "said and typed",
    ["> where is my order", "< order number", "> four seven two", "# 91", '+ order-status {"orderNumber":"47291"}'],
  ],
  ["typed before it was asked for", ["# 47291", "> where is my order", '+ order-status {"orderNumber":"47291"}']],
  [
    "quantities are not order numbers",
    ["> I ordered two chairs three weeks ago where is my order", "< order number", "! four"],
  ],
];
