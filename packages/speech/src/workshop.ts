import type { SpeechCache } from "./cache.ts";
import { ClauseAudio, type StoredClause } from "./clause-audio.ts";
import type { Clause } from "./clauses.ts";
import { asSpeechError, SpeechError } from "./errors.ts";
import type { SpeechRequest } from "./port.ts";
import type { Voice } from "./voices.ts";

/** A clause in a voice at a speed: what is made once, however many lines wait for it. */
export interface Order {
  readonly key: string;
  readonly clause: Clause;
  readonly voice: Voice;
  readonly rate: number;
}

/** One clause while it is being made, for everybody who waits for it. The workshop writes, the others read. */
export interface Making {
  readonly order: Order;
  readonly state: "streaming" | "made" | "failed";
  /** Where the audio comes from; undefined until that is known. */
  readonly source: "disk" | "made" | undefined;
  /** What the engine has made so far; undefined for what the disk had. */
  readonly audio: ClauseAudio | undefined;
  /** The engine has other clauses to speak first. */
  readonly queued: boolean;
  readonly stored: StoredClause | undefined;
  readonly error: SpeechError | undefined;
}

type Job = { -readonly [K in keyof Making]: Making[K] } & {
  priority: number;
  readonly waiting: Set<() => void>;
  readonly abort: AbortController;
};

/**
 * Makes clauses, each once: who asks for one that is being made already gets the same, and it is given up when the last
 * who waited has left. An order takes the priority of the most urgent of them.
 */
export class Workshop {
  readonly #cache: SpeechCache;
  readonly #onCacheFailure: (error: SpeechError) => void;
  readonly #jobs = new Map<string, Job>();

  constructor(cache: SpeechCache, onCacheFailure: (error: SpeechError) => void) {
    this.#cache = cache;
    this.#onCacheFailure = onCacheFailure;
  }

  /** Has the clause made; `onChange` is called at every change, never before this returns, until `leave`. */
  join(order: Order, priority: number, onChange: () => void): Making {
    const known = this.#jobs.get(order.key);
    if (known) {
      known.priority = Math.min(known.priority, priority);
      known.waiting.add(onChange);
      return known;
    }
    const job: Job = {
      order,
      state: "streaming",
      source: undefined,
      audio: undefined,
      queued: false,
      stored: undefined,
      error: undefined,
      priority,
      waiting: new Set([onChange]),
      abort: new AbortController(),
    };
    this.#jobs.set(order.key, job);
    void this.#make(job);
    return job;
  }

  /** The clause is no longer waited for. */
  leave(making: Making, onChange: () => void): void {
    const job = making as Job;
    job.waiting.delete(onChange);
    if (job.waiting.size > 0 || job.state !== "streaming") return;
    this.#forget(job);
    job.abort.abort();
  }

  async #make(job: Job): Promise<void> {
    const { key } = job.order;
    try {
      job.stored = await this.#cache.load(key);
      if (job.stored) job.source = "disk";
      else await this.#speak(job);
      job.state = "made";
    } catch (cause) {
      job.error = asSpeechError(cause);
      job.state = "failed";
    }
    this.#forget(job);
    if (job.source === "made" && job.stored) {
      // A full disk costs the cache, not the call.
      this.#cache.put(key, job.stored).catch((cause: unknown) => this.#onCacheFailure(asSpeechError(cause)));
    }
    tell(job);
  }

  async #speak(job: Job): Promise<void> {
    const { clause, voice, rate } = job.order;
    const audio = new ClauseAudio(clause, rate, () => tell(job));
    job.audio = audio;
    job.source = "made";
    tell(job);
    const request: SpeechRequest = {
      text: clause.text,
      voice: voice.name,
      rate,
      get priority() {
        return job.priority;
      },
    };
    const sink = {
      audio: (muLaw: Uint8Array) => audio.audio(muLaw),
      words: (words: Parameters<ClauseAudio["words"]>[0]) => audio.words(words),
      queued: (waits: boolean) => {
        job.queued = waits;
        tell(job);
      },
    };
    await voice.engine.synthesise(request, sink, job.abort.signal);
    if (audio.lengthSamples === 0) throw new SpeechError("SPEECH_ENGINE_FAILED", `${voice.id} gave silence`);
    job.stored = audio.finish();
  }

  #forget(job: Job): void {
    if (this.#jobs.get(job.order.key) === job) this.#jobs.delete(job.order.key);
  }
}

function tell(job: Job): void {
  for (const onChange of [...job.waiting]) onChange();
}
