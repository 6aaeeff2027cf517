/**
 * A process of callers who talk: each asks for an order, reads its number out, hears what became of it, and begins again.
 * A call that ends is placed anew, so that there are always as many as were asked for.
 */
import { encodeUlaw } from "@sidetone/audio";
import { realClock } from "@sidetone/platform";
import { type CallerStep, Carrier, seededRandom } from "@sidetone/testkit";
import { CALLER_VOICES, Voices } from "../interaction/voices.ts";
import { ASK_FOR_ORDER, spelled } from "../interaction/wordings.ts";

export interface CallersOptions {
  accountSid: string;
  authToken: string;
  voiceUrl: string;
  number: string;
  voicesFolder: string;
}

/** Since the last figures. */
export interface CallersFigures {
  open: number;
  ended: number;
  /** To a question, which is answered with one; to a number, after which a lookup may have to come back first. */
  answersMs: { question: number[]; number: number[] };
  /** Turns that nobody answered within 5 s. */
  unanswered: number;
  starvedFrames: number;
  notices: string[];
  /** How late this process's own 20 ms beat was, p99: if this is high, the figures are of the callers. */
  beatP99Ms: number;
}

const FRAME_MS = 20;
const ROUNDS = 60;
const QUIET_MS = 700;
const AT_MOST_MS = 12_000;
const UNANSWERED_MS = 5_000;
/** Over how long callers begin to talk, so that they do not all say the same at once. */
const SPREAD_MS = 8_000;
const DIGITS = ["48213", "90517", "36624", "71958"];

let options: CallersOptions | undefined;
let carrier: Carrier | undefined;
let lines: Uint8Array[][] = [];
let wanted = 0;
let placed = 0;
let open = 0;
let starvedBefore = 0;
const random = seededRandom(1);
const fresh = () => ({
  ended: 0,
  answersMs: { question: [] as number[], number: [] as number[] },
  unanswered: 0,
});
let counts = fresh();
let beats: number[] = [];
realClock.every(FRAME_MS, (lateMs) => beats.push(lateMs));

function prepare(given: CallersOptions): void {
  options = given;
  carrier = new Carrier({ accountSid: given.accountSid, authToken: given.authToken, phases: 4 });
  const voices = new Voices(given.voicesFolder);
  const toLine = (voice: (typeof CALLER_VOICES)[number], text: string): Uint8Array => {
    const clip = voices.say(voice, text);
    const audio = clip.audio.subarray(clip.speech.startMs * 8, clip.speech.endMs * 8);
    const muLaw = new Uint8Array(audio.length);
    encodeUlaw(audio, muLaw);
    return muLaw;
  };
  lines = CALLER_VOICES.map((voice, i) => [
    toLine(voice, ASK_FOR_ORDER),
    toLine(voice, spelled(DIGITS[i % DIGITS.length] ?? "")),
  ]);
}

function place(): void {
  if (!carrier || !options) return;
  const [ask = new Uint8Array(0), digits = new Uint8Array(0)] = lines[placed++ % lines.length] ?? [];
  const listen: CallerStep = { do: "listen", quietMs: QUIET_MS, atMostMs: AT_MOST_MS };
  const round: CallerStep[] = [
    listen,
    { do: "speak", audio: ask, label: "question" },
    listen,
    { do: "speak", audio: digits, label: "number" },
  ];
  const steps: CallerStep[] = [{ do: "pause", ms: Math.floor((random() * SPREAD_MS) / FRAME_MS) * FRAME_MS }];
  for (let i = 0; i < ROUNDS; i++) steps.push(...round);
  let speaking: "question" | "number" | undefined;
  let asked: "question" | "number" = "question";
  let finishedAtMs: number | undefined;
  open++;
  const call = carrier.placeCall({
    from: "+15005550006",
    to: options.number,
    voiceUrl: options.voiceUrl,
    steps,
    record: false,
    onEvent(event) {
      if (event.type === "caller") {
        if (speaking) {
          finishedAtMs = event.atMs;
          asked = speaking;
        }
        const { step } = event;
        speaking = step.do === "speak" ? (step.label === "number" ? "number" : "question") : undefined;
      } else if (event.type === "agent" && event.speaks && finishedAtMs !== undefined) {
        const tookMs = event.atMs - finishedAtMs;
        finishedAtMs = undefined;
        if (tookMs <= UNANSWERED_MS) counts.answersMs[asked].push(tookMs);
        else counts.unanswered++;
      }
    },
  });
  void call.ended.then(() => {
    open--;
    counts.ended++;
    carrier?.calls.delete(call.sid);
    if (open < wanted) place();
  });
}

function figures(): CallersFigures {
  const sorted = beats.toSorted((a, b) => a - b);
  beats = [];
  const running = [...(carrier?.calls.values() ?? [])];
  const starved = running.reduce((sum, call) => sum + (call.stream?.counts.starvedFrames ?? 0), 0);
  const told: CallersFigures = {
    ...counts,
    open: running.filter((call) => call.stream !== undefined).length,
    starvedFrames: Math.max(0, starved - starvedBefore),
    notices: carrier?.notices.splice(0).map(({ code, detail }) => `${code}: ${detail}`) ?? [],
    beatP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  };
  starvedBefore = starved;
  counts = fresh();
  return told;
}

export type CallersCommand =
  | { do: "prepare"; options: CallersOptions }
  | { do: "hold"; calls: number }
  | { do: "figures" }
  | { do: "leave" };

process.on("message", async (command: CallersCommand) => {
  switch (command.do) {
    case "prepare":
      prepare(command.options);
      process.send?.("ready");
      break;
    case "hold":
      wanted = command.calls;
      while (open < wanted) place();
      process.send?.("held");
      break;
    case "figures":
      process.send?.(figures());
      break;
    case "leave":
      wanted = 0;
      await carrier?.close();
      process.send?.("left");
      break;
  }
});
process.send?.("started");
