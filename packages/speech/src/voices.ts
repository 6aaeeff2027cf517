import { SpeechError } from "./errors.ts";
import type { SpeechEngine } from "./port.ts";

/** A voice that can speak: `id` is `engine/name`. */
export interface Voice {
  readonly id: string;
  readonly engine: SpeechEngine;
  readonly name: string;
}

/** How long an engine that failed is passed over. */
const REST_MS = 30_000;

/** Finds voices by name, and passes over engines that failed a moment ago. */
export class Voices {
  readonly #engines: ReadonlyMap<string, SpeechEngine>;
  readonly #usual: Voice;
  readonly #fallback: Voice;
  readonly #restsUntilMs = new Map<SpeechEngine, number>();

  constructor(engines: readonly SpeechEngine[], usual: string, fallback: string) {
    this.#engines = new Map(engines.map((engine) => [engine.name, engine]));
    this.#usual = this.named(usual);
    this.#fallback = this.named(fallback);
  }

  /** Throws `SPEECH_VOICE_UNKNOWN`. */
  named(id: string): Voice {
    const slash = id.indexOf("/");
    const engine = this.#engines.get(id.slice(0, Math.max(0, slash)));
    if (!engine || slash === id.length - 1) {
      throw new SpeechError("SPEECH_VOICE_UNKNOWN", `"${id}"; engines: ${[...this.#engines.keys()].join(", ")}`);
    }
    return { id, engine, name: id.slice(slash + 1) };
  }

  /** The voice for a line: the named one, else the usual one, else the fallback while their engine rests. */
  forLine(id: string | undefined): Voice {
    const wanted = id === undefined || !this.#engines.has(id.split("/")[0]!) ? this.#usual : this.named(id);
    return this.#rests(wanted.engine) ? this.#fallback : wanted;
  }

  markFailed(engine: SpeechEngine): void {
    this.#restsUntilMs.set(engine, performance.now() + REST_MS);
  }

  /** Who goes on after `failed`; undefined when that was the last. */
  fallbackFor(failed: Voice): Voice | undefined {
    return failed.engine === this.#fallback.engine ? undefined : this.#fallback;
  }

  #rests(engine: SpeechEngine): boolean {
    if (engine === this.#fallback.engine) return false;
    return (this.#restsUntilMs.get(engine) ?? 0) > performance.now();
  }
}
