import { fixedLinesOf, validatePlaybook } from "@sidetone/dialogue";
import { type DecisionThresholds, type InteractionModel, type ModelInfo, OnnxModel } from "@sidetone/interaction-model";
import type { Logger } from "@sidetone/platform";
import type { PlaybookOfCall, RerunOrder } from "@sidetone/protocol";
import {
  compilePronunciations,
  type SayOptions,
  type Speaker,
  type Utterance,
  type WarmResult,
} from "@sidetone/speech";
import { lineTestLoop } from "../line-test/loop.ts";
import { LineTestModel } from "../line-test/model.ts";
import { createSeat, type Seat } from "../shard/seat.ts";
import { talkLoopMaker } from "../talk/open-talk.ts";
import type { TalkSpeaker } from "../talk/ready-playbooks.ts";
import { startSpeaker } from "../talk/speech.ts";

export interface RerunModels {
  seats: Map<string, Seat>;
  info: ModelInfo;
  /** Makes the fixed lines of a playbook; to be awaited before a call of it begins. */
  prepare(playbook: PlaybookOfCall): Promise<void>;
  close(): Promise<void>;
}

/** @throws ModelError when the model's files are not there or damaged, SpeechError when no engine can speak */
export async function loadRerunModels(order: RerunOrder, log: Logger): Promise<RerunModels> {
  const loaded = await OnnxModel.load({
    capacity: order.lanes,
    ...(order.modelDir === undefined ? {} : { folder: order.modelDir }),
  });
  const model = withThresholds(loaded, order.thresholds);
  const [ready, made] = await Promise.all([
    startSpeaker({ dataDir: order.dataDir }, log),
    startSpeaker({ dataDir: order.dataDir, memoryBytes: 0 }, log),
  ]);
  const speaker = new SteadySpeaker(ready, made);
  const seats = new Map<string, Seat>([
    ["interaction", createSeat(model, talkLoopMaker(model.info, speaker, log))],
    ["line-test", createSeat(new LineTestModel(order.lanes), lineTestLoop)],
  ]);
  return {
    seats,
    info: model.info,
    prepare: (playbook) => speaker.prepare(playbook),
    async close() {
      for (const seat of seats.values()) await seat.model.dispose();
      await Promise.all([ready.close(), made.close()]);
    },
  };
}

/** The same network, whose probabilities are read with other thresholds. */
function withThresholds(model: InteractionModel, changes: RerunOrder["thresholds"]): InteractionModel {
  const thresholds: DecisionThresholds = { ...model.info.thresholds };
  for (const [name, value] of Object.entries(changes)) Object.assign(thresholds, { [name]: value });
  return {
    info: { ...model.info, thresholds },
    open: (seed) => model.open(seed),
    step: (hops, outputs) => model.step(hops, outputs),
    snapshot: (slot) => model.snapshot(slot),
    restore: (snapshot) => model.restore(snapshot),
    close: (slot) => model.close(slot),
    dispose: () => model.dispose(),
  };
}

/**
 * Speech that is there at the same hop in every run: fixed lines at once, all others at the next hop. Were a line ready
 * at once because a call beside has said it, what a call does would depend on its neighbours.
 */
class SteadySpeaker implements TalkSpeaker {
  readonly #ready: Speaker;
  readonly #made: Speaker;
  readonly #fixed = new Set<string>();
  readonly #prepared = new Map<string, Promise<void>>();

  constructor(ready: Speaker, made: Speaker) {
    this.#ready = ready;
    this.#made = made;
  }

  say(text: string, options: SayOptions = {}): Utterance {
    return (this.#fixed.has(keyOf(text, options)) ? this.#ready : this.#made).say(text, options);
  }

  /** Everything was made before the call began. */
  async warm(): Promise<WarmResult> {
    return { made: 0, known: 0, failed: 0 };
  }

  prepare(playbook: PlaybookOfCall): Promise<void> {
    if (playbook.model === "line-test") return Promise.resolve();
    const content = JSON.stringify(playbook.document);
    const preparing = this.#prepared.get(content) ?? this.#prepare(playbook.document);
    this.#prepared.set(content, preparing);
    return preparing;
  }

  async #prepare(given: unknown): Promise<void> {
    const { document } = validatePlaybook(given);
    const saying = {
      voice: document.persona.voice,
      pronunciations: compilePronunciations(document.pronunciation),
    };
    const lines = fixedLinesOf(document);
    await this.#ready.warm(lines, saying);
    for (const line of lines) this.#fixed.add(keyOf(line, saying));
  }
}

const keyOf = (text: string, options: SayOptions): string => `${options.voice ?? ""}\n${text}`;
