import { type CallerStep, findSpurts, readTapeOf, seededRandom, speak } from "@sidetone/testkit";
import type { Stack } from "../stack.ts";
import type { CallMeasure } from "./figures.ts";
import { measureCall, type SaidTurn } from "./measure.ts";

/** Voices of callers; the agent's own is not among them. */
const VOICES = ["en-gb+f4", "en-us+m3", "en-gb-scotland+f2", "en-us+f3", "en-gb-x-rp+m1", "en-029+m5"] as const;
const DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"] as const;
const QUESTIONS = ["where is my order", "I'd like to check on my order", "any news on my order please"] as const;
const INTERRUPTIONS = [
  "sorry what time do you close",
  "wait when do you open",
  "hang on what are your opening hours",
] as const;

const LISTEN: CallerStep = { do: "listen", quietMs: 700, atMostMs: 15_000 };
/** The agent has got going by then, and has more to say. */
const INTERRUPT: CallerStep = { do: "await-agent", forMs: 900, atMostMs: 15_000 };
const AFTER_MS = 6_000;

interface Line {
  text: string;
  before: CallerStep;
}

/** What the caller of this seed says, each line after the one before was answered, and one over the agent's answer. */
function linesOf(random: () => number): { voice: string; lines: Line[] } {
  const pick = <T>(options: readonly T[]): T => options[Math.floor(random() * options.length)]!;
  const number = Array.from({ length: 5 }, () => pick(DIGITS)).join(" ");
  return {
    voice: pick(VOICES),
    lines: [
      { text: "yes", before: LISTEN },
      { text: pick(QUESTIONS), before: LISTEN },
      // The sample customers' orders include this one; others are not found, and that is an answer, too.
      { text: random() < 0.5 ? "four seven two nine one" : number, before: LISTEN },
      { text: pick(INTERRUPTIONS), before: INTERRUPT },
      { text: "no thank you, goodbye", before: LISTEN },
    ],
  };
}

/** Places the call of a seed and measures it. */
export async function callOf(stack: Stack, seed: number): Promise<CallMeasure> {
  const { voice, lines } = linesOf(seededRandom(seed));
  const steps: CallerStep[] = [];
  const audible: { startMs: number; endMs: number }[] = [];
  for (const { text, before } of lines) {
    const audio = await speak(text, voice);
    audible.push(findSpurts(audio, { joinMs: 10_000 })[0] ?? { startMs: 0, endMs: audio.length / 8 });
    steps.push(before, { do: "speak", audio, label: text });
  }
  const turns: SaidTurn[] = [];
  const call = stack.carrier.placeCall({
    from: "+15005550001",
    to: "+15005550006",
    voiceUrl: stack.voiceUrl,
    steps: [...steps, { do: "pause", ms: AFTER_MS }, { do: "hang-up" }],
    onEvent(event) {
      if (event.type !== "caller" || event.step.do !== "speak") return;
      const i = turns.length;
      const { startMs, endMs } = audible[i]!;
      const interrupts = lines[i]?.before === INTERRUPT;
      turns.push({ startMs: event.atMs + startMs, endMs: event.atMs + endMs, interrupts });
    },
  });
  await call.ended;
  return measureCall(call, await readTapeOf(stack.dataDir, call.sid), turns);
}
