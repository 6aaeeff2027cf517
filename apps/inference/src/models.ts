import { lineTestLoop } from "./line-test/loop.ts";
import { LineTestModel } from "./line-test/model.ts";
import { createSeat, type Seat } from "./shard/seat.ts";

/** What a worker needs to know to serve models; plain data, so that it can be posted to one. */
export interface ModelSettings {
  modelDir: string;
  /** Calls that one worker may hold at a time. */
  slots: number;
  dataDir: string;
}

/** Every model that a worker serves, by the name that playbooks ask for. */
export async function createSeats(settings: ModelSettings): Promise<Map<string, Seat>> {
  const seats = new Map<string, Seat>();
  seats.set("line-test", createSeat(new LineTestModel(settings.slots), lineTestLoop));
  return seats;
}
