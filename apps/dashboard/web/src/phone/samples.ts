/** When a sample caller says a line: so long after the agent has finished, or so far into its speech. */
export interface SampleStep {
  when: "agent-done" | "agent-talking";
  ms: number;
  /** In `/samples`: raw 8 kHz mu-law, made by `npm run samples -w apps/dashboard`. */
  file: string;
  text: string;
}

export interface SampleCaller {
  id: string;
  name: string;
  about: string;
  playbookId: string;
  steps: readonly SampleStep[];
}

const done = (file: string, text: string, ms = 900): SampleStep => ({
  when: "agent-done",
  ms,
  file: `${file}.ulaw`,
  text,
});
const during = (file: string, text: string, ms: number): SampleStep => ({
  when: "agent-talking",
  ms,
  file: `${file}.ulaw`,
  text,
});

/** Whole calls without a microphone. They go through the same socket as any other call. */
export const SAMPLE_CALLERS: readonly SampleCaller[] = [
  {
    id: "order",
    name: "Where is my order?",
    about: "Agrees to the recording, asks for an order and gives its number.",
    playbookId: "retail-order-support",
    steps: [
      done("yes", "Yes, that's fine."),
      done("where", "Where is my order?"),
      done("number", "Four seven two nine one."),
      done("all", "No, that's all. Thank you. Goodbye."),
    ],
  },
  {
    id: "pauses",
    name: "Reads digits with pauses",
    about: "Stops in the middle of the order number; nobody should jump in.",
    playbookId: "retail-order-support",
    steps: [
      done("yes", "Yes, that's fine."),
      done("where", "Where is my order?"),
      done("slow-number", "It's four seven, [pause 1400] two nine, [pause 1100] one."),
      done("all", "No, that's all. Thank you. Goodbye."),
    ],
  },
  {
    id: "interrupts",
    name: "Interrupts the agent",
    about: "Talks over the greeting and again over the answer.",
    playbookId: "retail-order-support",
    steps: [
      during("hurry", "Yes yes, I'm in a hurry. Where is my order?", 1_500),
      done("number", "Four seven two nine one."),
      during("repeat", "Sorry, could you say that again?", 1_200),
      done("all", "No, that's all. Thank you. Goodbye."),
    ],
  },
  {
    id: "person",
    name: "Wants a person",
    about: "Asks to be put through.",
    playbookId: "retail-order-support",
    steps: [done("yes", "Yes, that's fine."), done("person", "Can I speak to a person, please?")],
  },
];
