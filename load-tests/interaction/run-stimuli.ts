import { encodeUlaw } from "@sidetone/audio";
import type { CallerStep } from "@sidetone/testkit";
import type { Stack } from "../stack.ts";
import { agentSpans, type Span } from "./ear.ts";
import { judge, type Verdict } from "./judge.ts";
import type { Stimulus } from "./stimuli.ts";

export interface Judged extends Verdict {
  id: string;
  voice: string;
  callSid: string;
}

const OPENING_AT_MOST_MS = 30_000;
/** Silence after the opening before the caller speaks. */
const QUIET_MS = 700;
/** How long a call goes on after the stimulus. */
const AFTER_MS = 5_500;
/** By then the agent is in its long sentence: greeting and disclosure, which nobody may interrupt, are shorter. */
const IN_SENTENCE_MS = 2_400;

/** Numbers that the bench's playbooks are routed to: a short opening, a long one, one that asks for a number. */
export const NUMBERS = { open: "+15005550101", talk: "+15005550102", digits: "+15005550103" } as const;

const numberOf = (stimulus: Stimulus): string => {
  if (stimulus.scenario === "pause-in-digits") return NUMBERS.digits;
  return stimulus.trigger.kind === "over-agent" ? NUMBERS.talk : NUMBERS.open;
};

const muLawOf = (samples: Int16Array): Uint8Array => {
  const bytes = new Uint8Array(samples.length);
  encodeUlaw(samples, bytes);
  return bytes;
};

function stepsOf(stimulus: Stimulus): CallerStep[] {
  const wait: CallerStep[] =
    stimulus.trigger.kind === "after-agent"
      ? [{ do: "listen", quietMs: QUIET_MS, atMostMs: OPENING_AT_MOST_MS }]
      : [
          { do: "await-agent", forMs: IN_SENTENCE_MS, atMostMs: OPENING_AT_MOST_MS },
          { do: "pause", ms: Math.round(stimulus.trigger.intoSentenceMs / 20) * 20 },
        ];
  const prelude: CallerStep[] = stimulus.prelude ? [...wait, { do: "speak", audio: muLawOf(stimulus.prelude) }] : [];
  return [
    ...prelude,
    ...wait,
    { do: "speak", audio: muLawOf(stimulus.audio) },
    { do: "pause", ms: AFTER_MS },
    { do: "hang-up" },
  ];
}

/** What the long opening sounds like when nobody disturbs it, relative to its onset. */
export async function undisturbed(stack: Stack): Promise<Span[]> {
  const call = stack.carrier.placeCall({
    from: "+15005550006",
    to: NUMBERS.talk,
    voiceUrl: stack.voiceUrl,
    steps: [{ do: "listen", quietMs: 1_500, atMostMs: OPENING_AT_MOST_MS }, { do: "hang-up" }],
  });
  await call.ended;
  return agentSpans(call.ear.heard);
}

async function runOne(stack: Stack, stimulus: Stimulus, openingMs: number): Promise<Judged> {
  let spokeAtMs: number | undefined;
  const call = stack.carrier.placeCall({
    from: "+15005550006",
    to: numberOf(stimulus),
    voiceUrl: stack.voiceUrl,
    steps: stepsOf(stimulus),
    onEvent(event) {
      if (event.type === "caller" && event.step.do === "speak") spokeAtMs = event.atMs;
    },
  });
  await call.ended;
  const agent = agentSpans(call.ear.heard);
  const base = { id: stimulus.id, voice: stimulus.voice, callSid: call.sid };
  if (spokeAtMs === undefined) {
    return { ...base, scenario: stimulus.scenario, demand: "carry-on", right: false, latencyMs: undefined, void: true };
  }
  const played = {
    scenario: stimulus.scenario,
    startMs: spokeAtMs + stimulus.startMs,
    endMs: spokeAtMs + stimulus.endMs,
    turnEndMs: spokeAtMs + stimulus.turnEndMs,
  };
  const onsetMs = agent[0]?.startMs ?? 0;
  return { ...base, ...judge(played, agent, onsetMs + openingMs) };
}

/** Runs stimuli as calls in real time, `concurrency` at once. */
export async function runStimuli(stack: Stack, stimuli: readonly Stimulus[], concurrency: number): Promise<Judged[]> {
  const openings = await undisturbed(stack);
  const first = openings[0];
  const openingMs = first ? (openings.at(-1)?.endMs ?? first.endMs) - first.startMs : 0;
  const judged: Judged[] = [];
  const waiting = [...stimuli];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) judged.push(await runOne(stack, next, openingMs));
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return judged;
}
