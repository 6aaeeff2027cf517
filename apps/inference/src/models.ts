import { type InteractionModel, ModelError, OnnxModel, SHIPPED_WEIGHTS_FOLDER } from "@sidetone/interaction-model";
import type { Logger } from "@sidetone/platform";
import { lineTestLoop } from "./line-test/loop.ts";
import { LineTestModel } from "./line-test/model.ts";
import { createSeat, type Seat } from "./shard/seat.ts";
import { talkLoopMaker } from "./talk/open-talk.ts";
import { type SpeechSettings, startSpeaker } from "./talk/speech.ts";

/** What a worker needs to know to serve models; plain data, so that it can be posted to one. */
export interface ModelSettings {
  /** Folder of the interaction model: the shipped one when undefined, none when null. */
  modelDir?: string | null | undefined;
  device: "cpu" | "cuda";
  /** Calls that one worker may hold at a time. */
  slots: number;
  speech: SpeechSettings;
  /** URL of a module whose default export puts something around the network, behind the same port. */
  wrapper?: string | undefined;
}

/** What such a module exports: benchmarks put other strategies in the place of the network's decisions. */
type WrapModel = (inner: InteractionModel) => InteractionModel | Promise<InteractionModel>;

export interface Models {
  /** By the name that playbooks ask for. */
  seats: Map<string, Seat>;
  close(): Promise<void>;
}

/**
 * Loads every model that a worker serves. A folder without a model leaves the line test alone and says so; a model
 * that is damaged, or speech that cannot speak, is a fault of the pod and throws.
 */
export async function loadModels(settings: ModelSettings, log: Logger): Promise<Models> {
  const seats = new Map<string, Seat>();
  const closers: (() => Promise<void>)[] = [];
  const model = await loadInteraction(settings, log);
  if (model) {
    const speaker = await startSpeaker(settings.speech, log);
    closers.push(() => speaker.close());
    seats.set("interaction", createSeat(model, talkLoopMaker(model.info, speaker, log)));
  }
  seats.set("line-test", createSeat(new LineTestModel(settings.slots), lineTestLoop));
  return {
    seats,
    async close() {
      for (const seat of seats.values()) await seat.model.dispose();
      for (const close of closers) await close();
    },
  };
}

async function loadInteraction(settings: ModelSettings, log: Logger): Promise<InteractionModel | undefined> {
  if (settings.modelDir === null) return undefined;
  const folder = settings.modelDir ?? SHIPPED_WEIGHTS_FOLDER;
  try {
    const model = await OnnxModel.load({
      folder,
      capacity: settings.slots,
      device: settings.device,
    });
    if (!model.manifest.trained) log.warn({ folder }, "the model's weights are not trained");
    if (settings.wrapper === undefined) return model;
    const wrap = (await import(settings.wrapper)) as { default: WrapModel };
    return await wrap.default(model);
  } catch (error) {
    if (!(error instanceof ModelError) || error.code !== "MODEL_FILE_MISSING") throw error;
    log.warn({ code: error.code, folder }, "no interaction model: this pod serves the line test only");
    return undefined;
  }
}
