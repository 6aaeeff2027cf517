import { LINEAR_TO_ULAW } from "@sidetone/audio";
import { DECISION_COUNT, DECISIONS, type HopBatch, type OutputBatch, VOICE_COUNT } from "@sidetone/interaction-model";
import { HOP_SAMPLES, OPEN, type PodInput, type PodOutput, SAMPLE_RATE_HZ } from "@sidetone/protocol";
import { z } from "zod";
import type { CallLoop, HopIn, HopOut, LoopMaker } from "../shard/call-loop.ts";
import { AgentClockState } from "../talk/agent-clock.ts";
import { type Conditioning, conditioningBytes, conditionRow } from "../talk/conditioning.ts";
import { type Placed, Playout } from "../talk/playout.ts";

/** The longest utterance that is said back, 10 s; of a longer one, its last 10 s. */
const MAX_ECHO_HOPS = 250;

/** 400 ms of 1 kHz at a quarter of full scale: played at open, so that installers hear that the road back is there. */
export const LINE_TEST_TONE: Uint8Array = Uint8Array.from({ length: 3_200 }, (_, i) => {
  const sample = Math.round(8_192 * Math.sin((2 * Math.PI * 1_000 * i) / SAMPLE_RATE_HZ));
  return LINEAR_TO_ULAW[sample & 0xffff]!;
});

const BEGIN = DECISIONS.indexOf("begin");
const YIELD = DECISIONS.indexOf("yield");

const State = z.object({ clock: AgentClockState, epoch: z.number().int(), nextUtteranceId: z.number().int() });

/**
 * Says back, byte for byte, what the caller said: from the hop before the first loud one to the hop after the last
 * loud one. Which hops are loud and when to begin is the model's to say.
 */
class LineTestLoop implements CallLoop {
  readonly #playout = new Playout();
  readonly #conditioning: Conditioning = {
    expectation: OPEN,
    intent: "nothing",
    agentPlaying: false,
    hopIndex: 0,
    hopsSinceAgentChange: 0,
  };
  /** A ring of the latest hops; `#recorded` counts all that were ever written. */
  readonly #ring = new Uint8Array(MAX_ECHO_HOPS * HOP_SAMPLES);
  #recordedHops = 0;
  #firstLoudHop = -1;
  #lastLoudHop = -1;
  #saying: { placed: Placed; audio: Uint8Array; given: number } | undefined;
  #nextUtteranceId = 0;
  /** Utterances of ended epochs whose heard part the bridge has not told yet, by epoch. */
  readonly #cut = new Map<number, Placed[]>();
  readonly #pending: PodOutput[] = [];
  readonly #resumed: boolean;

  constructor(resumed: unknown) {
    this.#resumed = resumed !== undefined;
    if (resumed === undefined) return;
    const state = State.parse(resumed);
    // Whatever the lost pod had handed over is gone: a new epoch tells the bridge so.
    this.#playout.clock.restore(state.clock);
    this.#playout.epoch = state.epoch + 1;
    this.#nextUtteranceId = state.nextUtteranceId;
  }

  receive(input: PodInput): void {
    if (input.type !== "epoch-ended") return;
    for (const placed of this.#cut.get(input.epoch) ?? []) {
      this.#pending.push({
        type: "yielded",
        utteranceId: placed.utteranceId,
        heardThroughWord: -1,
        heardText: "",
        unheardText: "",
      });
    }
    this.#cut.delete(input.epoch);
  }

  pre(hop: HopIn, batch: HopBatch, row: number): void {
    this.#playout.hear(hop);
    this.#record(hop.caller);
    const c = this.#conditioning;
    c.intent = this.#firstLoudHop < 0 ? "nothing" : "answer";
    c.agentPlaying = this.#playout.clock.playing;
    c.hopIndex = hop.hop;
    c.hopsSinceAgentChange = this.#playout.clock.hopsSinceChange;
    conditionRow(batch, row, c);
  }

  post(hop: HopIn, outputs: OutputBatch, row: number, out: HopOut): void {
    const at = row * DECISION_COUNT;
    for (let i = 0; i < DECISION_COUNT; i++) if (outputs.decision[at + i]! > 0.5) out.decision = i;
    this.#playout.tick();
    if (this.#pending.length > 0) out.outputs.push(...this.#pending.splice(0));
    if (hop.hop === 0 && !this.#resumed) this.#say(LINE_TEST_TONE.slice(), "tone", out);
    if (out.decision === YIELD) this.#stop();
    if (outputs.voice[row * VOICE_COUNT]! > 0.5) {
      if (this.#firstLoudHop < 0) this.#firstLoudHop = this.#recordedHops - 1;
      this.#lastLoudHop = this.#recordedHops - 1;
    }
    if (out.decision === BEGIN) this.#say(this.#takeUtterance(), "echo", out);
    this.#give(out);
    for (let done = this.#playout.finished(); done; done = this.#playout.finished()) {
      out.outputs.push({ type: "finished", utteranceId: done.utteranceId });
    }
    out.epoch = this.#playout.epoch;
    conditioningBytes(out.conditioning, this.#conditioning);
  }

  /** What waits to be said back is left behind: ten seconds of audio are not worth carrying to another pod. */
  snapshot(): unknown {
    return {
      clock: this.#playout.clock.snapshot(),
      epoch: this.#playout.epoch,
      nextUtteranceId: this.#nextUtteranceId,
    } satisfies z.infer<typeof State>;
  }

  async settled(): Promise<void> {
    // All that it says is there when it is asked for.
  }

  close(): void {
    this.#saying = undefined;
  }

  #record(caller: Uint8Array): void {
    this.#ring.set(caller, (this.#recordedHops % MAX_ECHO_HOPS) * HOP_SAMPLES);
    this.#recordedHops++;
  }

  #takeUtterance(): Uint8Array {
    const oldest = Math.max(0, this.#recordedHops - MAX_ECHO_HOPS);
    const first = Math.max(oldest, this.#firstLoudHop - 1);
    const last = this.#lastLoudHop + 1;
    const audio = new Uint8Array((last - first + 1) * HOP_SAMPLES);
    for (let hop = first; hop <= last; hop++) {
      const at = (hop % MAX_ECHO_HOPS) * HOP_SAMPLES;
      audio.set(this.#ring.subarray(at, at + HOP_SAMPLES), (hop - first) * HOP_SAMPLES);
    }
    this.#firstLoudHop = -1;
    return audio;
  }

  #say(audio: Uint8Array, text: string, out: HopOut): void {
    const placed = this.#playout.begin(this.#nextUtteranceId++, true);
    this.#saying = { placed, audio, given: 0 };
    out.outputs.push({
      type: "said",
      utteranceId: placed.utteranceId,
      epoch: this.#playout.epoch,
      startSamples: placed.startSamples,
      text,
      act: "line",
      uninterruptible: false,
    });
  }

  #stop(): void {
    const epoch = this.#playout.epoch;
    const unheard = this.#playout.cut();
    if (unheard.length > 0) this.#cut.set(epoch, unheard);
    this.#saying = undefined;
  }

  #give(out: HopOut): void {
    const saying = this.#saying;
    if (!saying) return;
    this.#playout.give(
      saying.placed,
      (target, offset, maxBytes) => {
        const bytes = Math.min(maxBytes, saying.audio.length - saying.given);
        target.set(saying.audio.subarray(saying.given, saying.given + bytes), offset);
        saying.given += bytes;
        return bytes;
      },
      out,
    );
    if (saying.given < saying.audio.length) return;
    saying.placed.complete = true;
    this.#saying = undefined;
  }
}

export const lineTestLoop: LoopMaker = (_opened, resumed) => new LineTestLoop(resumed);
