import type { TileOrder, TileOutcome } from "./spectrogram.worker.ts";
import { STEP_SAMPLES } from "./spectrum.ts";

const SAMPLES_PER_MS = 8;
const TILE_COLUMNS = 1_000;
export const TILE_MS = (TILE_COLUMNS * STEP_SAMPLES) / SAMPLES_PER_MS;
/** From further away there is nothing to read in it, and it would be a large download. */
export const SPECTROGRAM_MAX_MS = 120_000;
const TILES_KEPT = 40;

export type Tile = readonly [caller: ImageBitmap, agent: ImageBitmap];
type Colours = TileOrder["colours"];

/** Tiles of a call's spectrogram, made in a worker for what is in sight and kept while they are near. */
export class Spectrogram {
  readonly #worker = new Worker(new URL("./spectrogram.worker.ts", import.meta.url), { type: "module" });
  readonly #url: string;
  readonly #onTile: () => void;
  readonly #tiles = new Map<number, Tile | "asked">();
  readonly #asked = new Map<number, number>();
  #colours: Colours;
  #nextId = 0;

  constructor(url: string, colours: Colours, onTile: () => void) {
    this.#url = url;
    this.#colours = colours;
    this.#onTile = onTile;
    this.#worker.onmessage = (message: MessageEvent<TileOutcome>) => this.#take(message.data);
  }

  /** The tiles that cover a stretch, as far as they are made; asks for those that are not. */
  between(fromMs: number, toMs: number): Map<number, Tile> {
    const found = new Map<number, Tile>();
    if (toMs - fromMs > SPECTROGRAM_MAX_MS) return found;
    for (let index = Math.max(0, Math.floor(fromMs / TILE_MS)); index * TILE_MS < toMs; index++) {
      const known = this.#tiles.get(index);
      if (known === undefined) this.#ask(index);
      else if (known !== "asked") found.set(index, known);
    }
    return found;
  }

  recolour(colours: Colours): void {
    this.#colours = colours;
    this.#drop(0);
    this.#asked.clear();
    this.#tiles.clear();
  }

  close(): void {
    this.#worker.terminate();
    this.#drop(0);
  }

  #ask(index: number): void {
    const id = this.#nextId++;
    this.#tiles.set(index, "asked");
    this.#asked.set(id, index);
    const order: TileOrder = {
      id,
      url: this.#url,
      fromSample: index * TILE_COLUMNS * STEP_SAMPLES,
      columns: TILE_COLUMNS,
      colours: this.#colours,
    };
    this.#worker.postMessage(order);
  }

  #take(outcome: TileOutcome): void {
    const index = this.#asked.get(outcome.id);
    this.#asked.delete(outcome.id);
    // Asked for in the colours of another theme.
    if (index === undefined) {
      for (const bitmap of outcome.channels ?? []) bitmap.close();
      return;
    }
    if (!outcome.channels) {
      this.#tiles.delete(index);
      return;
    }
    this.#tiles.set(index, outcome.channels);
    this.#drop(TILES_KEPT);
    this.#onTile();
  }

  #drop(kept: number): void {
    for (const [index, tile] of this.#tiles) {
      if (this.#tiles.size <= kept) return;
      if (tile === "asked") continue;
      for (const bitmap of tile) bitmap.close();
      this.#tiles.delete(index);
    }
  }
}
