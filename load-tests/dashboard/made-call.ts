import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { encodeUlaw } from "@sidetone/audio";
import {
  CONDITIONING_PER_HOP,
  DECISIONS,
  EXPECTATION_KINDS,
  HOP_SAMPLES,
  OVERLAP_KINDS,
  type PodInput,
  type PodOutput,
  SCORES,
  SCORES_PER_HOP,
} from "@sidetone/protocol";
import { TapeWriter } from "@sidetone/store";
import { seededRandom } from "@sidetone/testkit";

const HOP_MS = 40;
/** Hops whose audio is made once and used again: what is measured is not the making. */
const VARIANTS = 64;
const CALLER_SAYS = [
  "hello i am calling about an order that has not arrived yet",
  "it should have been here on monday and i have been waiting since",
  "could you tell me where it is now please",
  "that is fine thank you and could you send it to another address",
  "no i mean the other one the one i ordered last week",
];
const AGENT_SAYS = [
  "I can look that up for you, one moment please",
  "Your order left our warehouse yesterday and should be with you tomorrow between nine and twelve",
  "I have changed that for you and a confirmation is on its way",
  "Is there anything else that I can help you with today",
];

/**
 * Writes the tape of a conversation that never was, the same bytes for the same seed: turns of a few seconds with
 * interruptions, partial hearings, lookups, slots and scores, as dense as a lively call.
 */
export async function writeMadeCall(
  path: string,
  options: { callId: string; durationMs: number; seed: number; startedAt: string },
): Promise<void> {
  const random = seededRandom(options.seed);
  const between = (low: number, high: number) => low + random() * (high - low);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  mkdirSync(dirname(path), { recursive: true });
  const { callId, startedAt } = options;
  const tape = new TapeWriter(
    path,
    {
      format: "sidetone-tape",
      version: 1,
      callId,
      carrierCallId: `CA${callId}`,
      startedAt,
      sampleRateHz: 8_000,
      hopSamples: HOP_SAMPLES,
      audio: "mu-law",
      scoreNames: [...DECISIONS, ...OVERLAP_KINDS],
      model: "made",
      modelHash: "0".repeat(64),
      bridgeId: "bridge-made",
      softwareVersion: "made",
    },
    { pendingMicroTurns: 1_000_000 },
  );
  const enter = (hop: number, input: PodInput) => tape.note({ type: "in", hop, input });
  const leave = (hop: number, output: Exclude<PodOutput, { type: "snapshot" }>) =>
    tape.note({ type: "out", hop, output });
  enter(0, {
    type: "opened",
    callId,
    from: "+441632960144",
    to: "+15550100",
    direction: "inbound",
    startedAt,
    timeZone: "UTC",
    seed: options.seed,
    playbook: { id: "retail-order-support", version: 1, model: "interaction", document: {} },
    taskMediansMs: {},
  });
  leave(0, { type: "recording", on: true, reason: "the caller agreed" });

  const [voices, noises] = [audioHops(random, 0.25), audioHops(random, 0.002)];
  const hops = Math.round(options.durationMs / HOP_MS);
  let heardSamples = 0;
  let turn = 0;
  // One exchange after the other: the caller, a pause, the agent, sometimes broken off, a pause.
  let hop = 0;
  const scores = new Float32Array(SCORES_PER_HOP);
  const conditioning = Buffer.alloc(CONDITIONING_PER_HOP);
  conditioning[0] = EXPECTATION_KINDS.indexOf("open");
  const put = async (callerTalks: boolean, agentTalks: boolean, decision: (typeof DECISIONS)[number]) => {
    const caller = (callerTalks ? voices : noises)[Math.floor(random() * VARIANTS)] as Uint8Array;
    const agent = agentTalks ? (voices[(hop * 7) % VARIANTS] as Uint8Array) : SILENCE;
    if (agentTalks) heardSamples += HOP_SAMPLES;
    tape.putHop(hop, caller, agent, 0, heardSamples, 0);
    scores.fill(0.02);
    scores[DECISIONS.indexOf(decision)] = between(0.6, 0.95);
    scores.fill(callerTalks ? 0.9 : 0.1, SCORES.callerProjectionOffset, SCORES.agentProjectionOffset);
    tape.putReply(hop, DECISIONS.indexOf(decision), Buffer.from(scores.buffer), 0, conditioning, 0, 0, 0);
    hop++;
    // The writer works beside the loop; it must get its turns.
    if (hop % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  while (hop < hops) {
    const asked = oneOf(CALLER_SAYS).split(" ");
    const askFrom = hop;
    const words = asked.map((text, i) => ({
      text,
      startMs: askFrom * HOP_MS + i * 300,
      endMs: askFrom * HOP_MS + i * 300 + 240,
      confidence: between(0.4, 1),
    }));
    const askHops = Math.ceil((asked.length * 300) / HOP_MS);
    for (let i = 0; i < askHops && hop < hops; i++) {
      if (i % 12 === 11) {
        const soFar = words.filter((word) => word.endMs <= hop * HOP_MS);
        leave(hop, { type: "heard", turn, revision: i, final: false, words: soFar });
      }
      await put(true, false, "listen");
    }
    leave(hop, { type: "heard", turn, revision: askHops, final: true, words });
    if (turn % 4 === 1) {
      const taskId = `t${turn}`;
      leave(hop, {
        type: "delegate",
        taskId,
        epoch: 0,
        kind: "order-status",
        input: { orderNumber: `${10_000 + turn}` },
        priority: 1,
        outlivesCall: false,
      });
      const output = { order: { orderNumber: `${10_000 + turn}`, status: "shipped" } };
      const tookMs = Math.round(between(100, 1_500));
      const finding = { taskId, epoch: 0, kind: "order-status", outcome: "found", output, tookMs } as const;
      enter(hop + 10, { type: "finding", finding });
      leave(hop, { type: "slot-filled", slot: "order-number", value: `${10_000 + turn}`, confirmed: true });
    }
    for (let i = between(8, 20); i > 0 && hop < hops; i--) await put(false, false, "listen");
    const answer = oneOf(AGENT_SAYS);
    const startSamples = heardSamples;
    const said = answer.split(" ").map((text, i) => ({
      text,
      startSamples: startSamples + i * 2_560,
      endSamples: startSamples + i * 2_560 + 2_200,
      source: "engine" as const,
    }));
    leave(hop, {
      type: "said",
      utteranceId: turn,
      epoch: 0,
      startSamples,
      text: answer,
      act: "answer",
      uninterruptible: false,
    });
    leave(hop, { type: "worded", utteranceId: turn, words: said });
    const breaksOff = turn % 3 === 2;
    const answerHops = Math.ceil((said.length * 2_560) / HOP_SAMPLES);
    const spokenHops = breaksOff ? Math.floor(answerHops * 0.6) : answerHops;
    for (let i = 0; i < spokenHops && hop < hops; i++) {
      const overlap = breaksOff && i > spokenHops - 10;
      await put(overlap, true, i === 0 ? "begin" : overlap ? "duck" : "hold");
    }
    if (breaksOff) {
      const through = Math.floor(said.length * 0.6) - 1;
      const texts = said.map((word) => word.text);
      leave(hop, { type: "overlap", kind: "floor-taking", confidence: 0.8 });
      leave(hop, {
        type: "yielded",
        utteranceId: turn,
        heardThroughWord: through,
        heardText: texts.slice(0, through + 1).join(" "),
        unheardText: texts.slice(through + 1).join(" "),
      });
    } else leave(hop, { type: "finished", utteranceId: turn });
    for (let i = between(10, 40); i > 0 && hop < hops; i--) await put(false, false, "listen");
    turn++;
  }
  tape.note({ type: "end", hop: hops, reason: "hung-up" });
  await tape.close();
}

const SILENCE = new Uint8Array(HOP_SAMPLES).fill(0xff);

/** Hops of a voice-like sound, a buzz with formants in noise, at a level of full scale. */
function audioHops(random: () => number, level: number): Uint8Array[] {
  return Array.from({ length: VARIANTS }, (_, variant) => {
    const pitchHz = 110 + (variant % 16) * 6;
    const samples = Int16Array.from({ length: HOP_SAMPLES }, (_, i) => {
      let sum = 0;
      for (let harmonic = 1; harmonic * pitchHz < 3_400; harmonic++) {
        const near =
          Math.exp(-(((harmonic * pitchHz - 600) / 400) ** 2)) +
          0.4 * Math.exp(-(((harmonic * pitchHz - 1_900) / 500) ** 2));
        sum += near * Math.sin((2 * Math.PI * harmonic * pitchHz * i) / 8_000);
      }
      return Math.max(-32_768, Math.min(32_767, (sum / 4 + (random() - 0.5) * 0.4) * level * 32_768));
    });
    const bytes = new Uint8Array(HOP_SAMPLES);
    encodeUlaw(samples, bytes);
    return bytes;
  });
}
