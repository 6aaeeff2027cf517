import type { PodOutput } from "@sidetone/protocol";
import { agentLines, type CallerStep, readTapeOf, speak } from "@sidetone/testkit";
import { agentSpans, silenceAfter } from "../interaction/ear.ts";
import { quantile } from "../interaction/statistics.ts";
import type { Stack } from "../stack.ts";

/** What the shipped network makes of one manner, in so many calls. */
export interface MannerFigures {
  name: string;
  calls: number;
  /** Calls in which it went as it should. */
  good: number;
  /** What was measured in each, and what of. */
  measured: string;
  ms: number[];
}

interface Scene {
  name: string;
  measured: string;
  steps: (said: CallerStep) => CallerStep[];
  text: string;
  judge: (heard: Heard) => { good: boolean; ms: number | undefined };
}

interface Heard {
  saidMs: { startMs: number; endMs: number };
  lines: ReturnType<typeof agentLines>;
  yielded: Extract<PodOutput, { type: "yielded" }>[];
  /** When the agent fell silent that was heard as the caller began, on the ear's time line. */
  silentMs: number | undefined;
}

/** The number of `manners.yaml`, whose lines are long. */
export const MANNERS_NUMBER = "+15005550110";
const VOICES = ["en-gb+f4", "en-us+m3", "en-gb-scotland+f2", "en-us+f3", "en-gb-x-rp+m1", "en-029+m5"] as const;
const LISTEN: CallerStep = { do: "listen", quietMs: 900, atMostMs: 30_000 };
/** The long question has got going: nothing else is said for so long without a pause. */
const IN_QUESTION: CallerStep = { do: "await-agent", forMs: 5_000, atMostMs: 30_000 };
const HANG_UP: CallerStep[] = [{ do: "pause", ms: 4_000 }, { do: "hang-up" }];
const QUESTION = "You can ask me";

const SCENES: readonly Scene[] = [
  {
    name: "interrupted in mid-sentence: silent, and never again from the top",
    measured: "from the caller's first sound to the agent's last",
    text: "wait a moment please i have a question",
    steps: (said) => [IN_QUESTION, said, ...HANG_UP],
    judge: ({ saidMs, lines, yielded, silentMs }) => ({
      good: yielded.length > 0 && lines.filter(({ text }) => text.startsWith(QUESTION)).length === 1,
      ms: silentMs === undefined ? undefined : silentMs - saidMs.startMs,
    }),
  },
  {
    name: "a murmur over a sentence: it goes on",
    measured: "-",
    text: "yeah",
    steps: (said) => [IN_QUESTION, said, LISTEN, { do: "hang-up" }],
    judge: ({ lines }) => ({
      good: lines.some(({ text, cut }) => text.startsWith(QUESTION) && !cut),
      ms: undefined,
    }),
  },
  {
    name: "both start at once: the agent gives way",
    measured: "from the caller's first sound to the agent's last",
    text: "oh and there is one more thing that i wanted to ask you",
    steps: (said) => [LISTEN, { do: "await-agent", forMs: 40, atMostMs: 30_000 }, said, ...HANG_UP],
    judge: ({ saidMs, yielded, silentMs }) => ({
      good: yielded.length > 0,
      ms: silentMs === undefined ? undefined : silentMs - saidMs.startMs,
    }),
  },
  {
    name: "talked over while it says who it is: it finishes that",
    measured: "-",
    text: "hello can you hear me at all",
    steps: (said) => [{ do: "await-agent", forMs: 600, atMostMs: 20_000 }, said, LISTEN, { do: "hang-up" }],
    judge: ({ lines }) => ({ good: lines[0]?.cut === false, ms: undefined }),
  },
];

/** Places `calls` calls for each manner, in different voices, under whatever network the stack runs. */
export async function networkManners(stack: Stack, calls: number): Promise<MannerFigures[]> {
  const figures: MannerFigures[] = [];
  for (const { name, measured, text, steps, judge } of SCENES) {
    const figure: MannerFigures = { name, calls, good: 0, measured, ms: [] };
    for (let i = 0; i < calls; i++) {
      const audio = await speak(text, VOICES[i % VOICES.length]!);
      const { good, ms } = judge(await phone(stack, steps({ do: "speak", audio, label: text })));
      if (good) figure.good++;
      if (ms !== undefined) figure.ms.push(ms);
    }
    figures.push(figure);
  }
  return figures;
}

async function phone(stack: Stack, steps: CallerStep[]): Promise<Heard> {
  const saidMs = { startMs: Number.NaN, endMs: Number.NaN };
  const call = stack.carrier.placeCall({
    from: "+15005550001",
    to: MANNERS_NUMBER,
    voiceUrl: stack.voiceUrl,
    steps,
    onEvent(event) {
      if (event.type !== "caller" || event.step.do !== "speak") return;
      saidMs.startMs = event.atMs;
      saidMs.endMs = event.atMs + event.step.audio.length / 8;
    },
  });
  await call.ended;
  const tape = await readTapeOf(stack.dataDir, call.sid);
  const outputs = tape.notes.flatMap((note) => (note.type === "out" ? [note.output] : []));
  return {
    saidMs,
    lines: agentLines(tape),
    yielded: outputs.filter((output) => output.type === "yielded"),
    silentMs: silenceAfter(agentSpans(call.ear.heard, 100), saidMs.startMs),
  };
}

/** The figures as rows of a table. */
export const mannerRows = (figures: readonly MannerFigures[]): string[] =>
  figures.map(({ name, calls, good, measured, ms }) => {
    const times =
      ms.length === 0 ? "-" : `${Math.round(quantile(ms, 0.5))} ms (most ${Math.round(Math.max(...ms))} ms)`;
    return `| ${name} | ${good} of ${calls} | ${times} | ${measured} |`;
  });
