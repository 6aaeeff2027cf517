import { encodeUlaw } from "@sidetone/audio";
import type { Call, CallerStep, Carrier } from "@sidetone/testkit";
import { agentSpans, type Span } from "./ear.ts";
import { judge, type Verdict } from "./judge.ts";
import { QUIET_MS } from "./scenes.ts";
import { NUMBERS, type NumberName, type Stimulus } from "./stimuli.ts";

/** What a contender without ears of its own is told of a call. */
export interface CallTruth {
  number: NumberName;
  words: string;
  digits?: string;
  /** How long the words take without their pauses. */
  speechMs?: number;
}

/** Who is measured: a carrier that reaches it, and its address for a call of this stimulus. */
export interface Line {
  carrier: Carrier;
  voiceUrl(truth: CallTruth): string;
}

export interface Judged extends Verdict {
  id: string;
  isTwin: boolean;
  voice: string;
  noise: string;
  number: NumberName;
  callSid: string;
  /** On the call's media clock. */
  startMs: number;
  endMs: number;
  turnEndMs: number;
}

const OPENING_AT_MOST_MS = 30_000;
/** How long a caller waits for an answer. */
const ANSWER_AT_MOST_MS = 5_500;
/** After the onset of what is judged, at least: longer than every window. */
const WATCHED_MS = 2_400;
/** By then the agent is in its long sentence: greeting and disclosure, which nobody may interrupt, are shorter. */
const IN_SENTENCE_MS = 2_400;
/** A lookup and its answer: quiet that is longer than a lookup takes says that nothing more will come. */
const FINDING_AT_MOST_MS = 11_000;
const FINDING_OVER_MS = 2_000;
const LABEL = "stimulus";

const muLawOf = (samples: Int16Array): Uint8Array => {
  const bytes = new Uint8Array(samples.length);
  encodeUlaw(samples, bytes);
  return bytes;
};
const toFrames = (ms: number): number => Math.max(0, Math.round(ms / 20) * 20);

const AFTER_AGENT: CallerStep = { do: "listen", quietMs: QUIET_MS, atMostMs: OPENING_AT_MOST_MS };

function waitFor({ trigger }: Stimulus): CallerStep[] {
  switch (trigger.kind) {
    case "after-agent":
      return [AFTER_AGENT];
    case "over-agent":
      return [
        { do: "await-agent", forMs: IN_SENTENCE_MS, atMostMs: OPENING_AT_MOST_MS },
        { do: "pause", ms: toFrames(trigger.intoSentenceMs) },
      ];
    case "with-agent":
      return [{ do: "await-agent", forMs: Math.max(20, trigger.intoSpeechMs), atMostMs: ANSWER_AT_MOST_MS }];
  }
}

function watchAfter(stimulus: Stimulus): CallerStep[] {
  if (stimulus.number === "order") {
    return [{ do: "listen", quietMs: FINDING_OVER_MS, atMostMs: FINDING_AT_MOST_MS }];
  }
  switch (stimulus.demand) {
    case "respond":
    case "wait":
      return [
        { do: "await-agent", forMs: 200, atMostMs: ANSWER_AT_MOST_MS },
        { do: "pause", ms: 300 },
      ];
    case "yield":
    case "carry-on":
      return [{ do: "pause", ms: toFrames(WATCHED_MS - stimulus.audio.length / 8) }];
    case "prompt":
      return [];
  }
}

function stepsOf(stimulus: Stimulus): CallerStep[] {
  const prelude: CallerStep[] = stimulus.prelude
    ? [AFTER_AGENT, { do: "speak", audio: muLawOf(stimulus.prelude), label: "prelude" }]
    : [];
  const acts: CallerStep[] = stimulus.keys
    ? [...stimulus.keys]
    : [{ do: "speak", audio: muLawOf(stimulus.audio), label: LABEL }];
  return [...prelude, ...waitFor(stimulus), ...acts, ...watchAfter(stimulus), { do: "hang-up" }];
}

/** How long the long opening takes when nobody disturbs it. */
async function undisturbed(line: Line): Promise<number> {
  const call = line.carrier.placeCall({
    from: "+15005550006",
    to: NUMBERS.talk,
    voiceUrl: line.voiceUrl({ number: "talk", words: "" }),
    steps: [{ do: "listen", quietMs: 1_500, atMostMs: OPENING_AT_MOST_MS }, { do: "hang-up" }],
  });
  await call.ended;
  const spans: readonly Span[] = agentSpans(call.ear.heard);
  return (spans.at(-1)?.endMs ?? 0) - (spans[0]?.startMs ?? 0);
}

function truthOf({ number, words, digits, audio, noise, startMs, endMs }: Stimulus): CallTruth {
  const said = audio.reduce((count, sample) => (sample === 0 ? count : count + 1), 0);
  const speechMs = Math.round(noise === "none" ? said / 8 : endMs - startMs);
  // What is in brackets is a sound.
  return { number, words: words.startsWith("(") ? "" : words, speechMs, ...(digits === undefined ? {} : { digits }) };
}

/** Hears of every call when it is over and judged; its recording is gone afterwards. */
export type Watcher = (judged: Judged, call: Call) => void;

async function runOne(line: Line, stimulus: Stimulus, opening: Promise<number>, watch: Watcher): Promise<Judged> {
  let spokeAtMs: number | undefined;
  const { faults, echo } = stimulus;
  const call = line.carrier.placeCall({
    from: "+15005550006",
    to: NUMBERS[stimulus.number],
    voiceUrl: line.voiceUrl(truthOf(stimulus)),
    steps: stepsOf(stimulus),
    ...(faults ? { faults } : {}),
    ...(echo ? { echo } : {}),
    onEvent(event) {
      if (event.type !== "caller" || spokeAtMs !== undefined) return;
      const { step } = event;
      if (step.do === "press" || (step.do === "speak" && step.label === LABEL)) spokeAtMs = event.atMs;
    },
  });
  await call.ended;
  const agent = agentSpans(call.ear.heard);
  const atMs = spokeAtMs ?? 0;
  const played = {
    scenario: stimulus.scenario,
    demand: stimulus.demand,
    startMs: atMs + stimulus.startMs,
    endMs: atMs + stimulus.endMs,
    turnEndMs: atMs + stimulus.turnEndMs,
  };
  const verdict = judge(played, agent, (agent[0]?.startMs ?? 0) + (await opening));
  const judged = {
    ...verdict,
    ...played,
    void: verdict.void || spokeAtMs === undefined,
    id: stimulus.id,
    isTwin: stimulus.isTwin,
    voice: stimulus.voice,
    noise: stimulus.noise,
    number: stimulus.number,
    callSid: call.sid,
  };
  watch(judged, call);
  line.carrier.calls.delete(call.sid);
  return judged;
}

/** Runs stimuli as calls in real time, `concurrency` at once. */
export async function runStimuli(
  line: Line,
  stimuli: readonly Stimulus[],
  concurrency: number,
  watch: Watcher,
): Promise<Judged[]> {
  // Beside the others: it is over before the first of them is judged, or is waited for.
  const opening = undisturbed(line);
  const judged: Judged[] = [];
  const waiting = [...stimuli];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      judged.push(await runOne(line, next, opening, watch));
    }
  };
  await Promise.all([opening, ...Array.from({ length: concurrency }, lane)]);
  return judged;
}
