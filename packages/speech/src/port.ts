/** Samples per second of all audio that leaves this package. */
export const SAMPLE_RATE_HZ = 8000;

/** Where a word lies in the audio it belongs to. */
export interface WordTiming {
  readonly text: string;
  readonly startSamples: number;
  readonly endSamples: number;
  /** `engine` when the engine measured it, `aligned` when it was estimated from the audio and the text. */
  readonly source: "engine" | "aligned";
}

export interface SpeechRequest {
  /**
   * One clause, already in words (no digits, signs or abbreviations), separated by single spaces; a comma or a stop may
   * follow a word.
   */
  readonly text: string;
  readonly voice: string;
  /** Speed as a factor, 0.5 to 2; 1 when absent. */
  readonly rate?: number;
  /**
   * 0 when a caller waits for it (the default), 1 for what is spoken later, 2 for warming. It may fall while the request
   * waits: an engine with a queue reads it when it chooses.
   */
  readonly priority?: number;
  /** The clause before, for engines that keep their melody across clauses. */
  readonly previousText?: string;
}

/** Takes what an engine makes, in order. */
export interface SpeechSink {
  /** 8 kHz mu-law. The sink copies what it keeps. */
  audio(muLaw: Uint8Array): void;
  /**
   * Timings of the next words of the request, one for each space-separated token and in order, in samples of the audio
   * of this request. Either all tokens are told before `synthesise` resolves, or none.
   */
  words(words: readonly WordTiming[]): void;
  /** Told by engines with a queue: whether the request waits for its turn. Others have every request's turn at once. */
  queued?(waits: boolean): void;
}

/** Makes speech of one clause. Implementations: `engines/`. */
export interface SpeechEngine {
  readonly name: string;
  /** Changes when the audio for the same request would change; part of the cache key. */
  readonly version: string;
  /** True when the same request always gives the same bytes. */
  readonly deterministic: boolean;
  /** Longest wait for its turn, for the first audio and between two pieces of audio, each, before the clause is given up. */
  readonly timeoutMs: number;
  /** Resolves when all audio was given. Throws `SpeechError`; rejects soon after `signal` aborts. */
  synthesise(request: SpeechRequest, sink: SpeechSink, signal: AbortSignal): Promise<void>;
  /** Gets ready to speak, so that the first request is as fast as the others. Throws `SpeechError`. */
  start(): Promise<void>;
  close(): Promise<void>;
}
