import { SpeechCache } from "./cache.ts";
import { type StoredClause, storedTimings } from "./clause-audio.ts";
import { type Clause, rejoinClause, splitClauses } from "./clauses.ts";
import { SpeechError } from "./errors.ts";
import type { SpeechEngine } from "./port.ts";
import { type CompiledPronunciations, compilePronunciations, pronounce } from "./pronounce.ts";
import { Utterance } from "./utterance.ts";
import { type Voice, Voices } from "./voices.ts";
import { type Making, type Order, Workshop } from "./workshop.ts";

export interface SpeakerOptions {
  readonly engines: readonly SpeechEngine[];
  /** Voice of lines that name none, as `engine/voice`, for example `flite/slt`. */
  readonly voice: string;
  /** Voice that finishes what another could not. */
  readonly fallbackVoice: string;
  readonly cache: SpeechCache;
  /** Called once for each line with what its first audio cost. */
  readonly onFirstAudio?: (engine: string, source: FirstAudioSource, tookMs: number) => void;
  /** Called when a voice fails and another takes over. */
  readonly onFailure?: (error: SpeechError) => void;
}

export type FirstAudioSource = "memory" | "disk" | "made";

export interface SayOptions {
  readonly voice?: string;
  readonly rate?: number;
  /** From `compilePronunciations`, once for each playbook. */
  readonly pronunciations?: CompiledPronunciations;
}

export interface WarmResult {
  readonly made: number;
  readonly known: number;
  readonly failed: number;
}

/** Silence before a fallback voice goes on in the middle of a clause. */
const TAKE_OVER_SAMPLES = 480;
/** The fallback voice may be silent for so many times as long as another. */
const LAST_VOICE_PATIENCE = 4;
/** A word that lacks less than this counts as said. */
const NEARLY_SAID_SAMPLES = 80;

/**
 * Says lines: parts them into clauses, takes each from the cache or an engine, and streams them into an `Utterance` in
 * order. The next clause is made while the one before is still streaming.
 */
export class Speaker {
  readonly #voices: Voices;
  readonly #cache: SpeechCache;
  readonly #workshop: Workshop;
  readonly #options: SpeakerOptions;
  readonly #plain = compilePronunciations();

  /** Throws `SPEECH_VOICE_UNKNOWN` when one of the two voices names an engine that is not there. */
  constructor(options: SpeakerOptions) {
    this.#options = options;
    this.#cache = options.cache;
    this.#workshop = new Workshop(options.cache, (error) => options.onFailure?.(error));
    this.#voices = new Voices(options.engines, options.voice, options.fallbackVoice);
  }

  /** Starts the engines; a fallback that does not start is an error, too. */
  async start(): Promise<void> {
    await Promise.all(this.#options.engines.map((engine) => engine.start()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#options.engines.map((engine) => engine.close()));
  }

  /** Throws `SPEECH_VOICE_UNKNOWN`. For checking a playbook before it takes calls. */
  checkVoice(voice: string): void {
    this.#voices.named(voice);
  }

  /**
   * Begins to say a line. What the memory cache knows is in the utterance at once; the rest streams in. Never throws:
   * a line that cannot be spoken ends with its `error`.
   */
  say(text: string, options: SayOptions = {}): Utterance {
    const utterance = new Utterance(text);
    const clauses = splitClauses(pronounce(text, options.pronunciations ?? this.#plain));
    if (clauses.length === 0) utterance.end(new SpeechError("SPEECH_NOTHING_TO_SAY", `"${text.slice(0, 80)}"`));
    else
      new Telling(
        utterance,
        clauses,
        this.#voices.forLine(options.voice),
        options.rate ?? 1,
        this.#voices,
        this.#cache,
        this.#workshop,
        this.#options,
      ).begin();
    return utterance;
  }

  /** Makes all clauses of the lines that the cache does not know, one after the other and after everything urgent. */
  async warm(lines: readonly string[], options: SayOptions = {}): Promise<WarmResult> {
    const voice = this.#voices.forLine(options.voice);
    const rate = options.rate ?? 1;
    const result = { made: 0, known: 0, failed: 0 };
    for (const line of lines) {
      for (const clause of splitClauses(pronounce(line, options.pronunciations ?? this.#plain))) {
        const order = { key: cacheKey(voice, rate, clause.text), clause, voice, rate };
        if (this.#cache.peek(order.key)) {
          result.known++;
          continue;
        }
        const making = await this.#made(order);
        if (making.error) {
          result.failed++;
          this.#options.onFailure?.(making.error);
        } else if (making.source === "disk") result.known++;
        else result.made++;
      }
    }
    return result;
  }

  #made(order: Order): Promise<Making> {
    return new Promise((resolve) => {
      const onChange = (): void => {
        if (making.state !== "streaming") resolve(making);
      };
      const making = this.#workshop.join(order, 2, onChange);
    });
  }
}

/** A clause on its way into the utterance: in memory already, or being made. */
interface Part {
  readonly clause: Clause;
  readonly voice: Voice;
  readonly stored?: StoredClause;
  readonly making?: Making;
  readonly leave: () => void;
  /** We gave it up, though the engine may go on for others. */
  error?: SpeechError;
}

/** The road of one line through cache and engines into its utterance. */
class Telling {
  readonly #utterance: Utterance;
  readonly #rate: number;
  readonly #voices: Voices;
  readonly #cache: SpeechCache;
  readonly #workshop: Workshop;
  readonly #options: SpeakerOptions;
  readonly #startedMs = performance.now();
  /** Clauses that were not begun, in order. */
  #coming: Clause[];
  #voice: Voice;
  /** The clause that streams into the utterance. */
  #current: Part | undefined;
  /** The clause after it, made ahead. */
  #ahead: Part | undefined;
  /** Where the current clause began in the utterance, and how much of it is there. */
  #clauseStart = 0;
  #piecesTaken = 0;
  #told = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    utterance: Utterance,
    clauses: Clause[],
    voice: Voice,
    rate: number,
    voices: Voices,
    cache: SpeechCache,
    workshop: Workshop,
    options: SpeakerOptions,
  ) {
    this.#utterance = utterance;
    this.#coming = clauses;
    this.#voice = voice;
    this.#rate = rate;
    this.#voices = voices;
    this.#cache = cache;
    this.#workshop = workshop;
    this.#options = options;
    utterance.signal.addEventListener("abort", () => this.#cancel(), { once: true });
  }

  begin(): void {
    const next = this.#ahead ?? this.#start(0);
    this.#ahead = undefined;
    if (!next) {
      this.#end();
      return;
    }
    this.#current = next;
    this.#clauseStart = this.#utterance.readyThroughSamples;
    this.#piecesTaken = 0;
    if (this.#utterance.voices.at(-1) !== next.voice.id) this.#utterance.voices.push(next.voice.id);
    this.#pump(next);
  }

  /** Takes the next clause from memory, or begins to make it. */
  #start(priority: number): Part | undefined {
    const clause = this.#coming.shift();
    if (!clause) return undefined;
    const voice = this.#voice;
    const order = { key: cacheKey(voice, this.#rate, clause.text), clause, voice, rate: this.#rate };
    const stored = this.#cache.peek(order.key);
    if (stored) {
      this.#tellFirstAudio(voice, "memory");
      return { clause, voice, stored, leave: () => undefined };
    }
    const onChange = (): void => this.#pump(part);
    const making = this.#workshop.join(order, priority, onChange);
    const part: Part = { clause, voice, making, leave: () => this.#workshop.leave(making, onChange) };
    return part;
  }

  /** Moves what is new in the current clause into the utterance. */
  #pump(part: Part): void {
    if (part !== this.#current || this.#utterance.done) return;
    const { making, clause } = part;
    const audio = making?.audio;
    if (audio) {
      for (; this.#piecesTaken < audio.pieces.length; this.#piecesTaken++) {
        this.#utterance.append(audio.pieces[this.#piecesTaken]!);
        if (this.#piecesTaken === 0) {
          this.#tellFirstAudio(part.voice, "made");
          this.#utterance.setClauseWords(clause.words, audio.wordTimings(clause), this.#clauseStart);
          this.#ahead ??= this.#start(1);
        }
      }
    }
    const error = part.error ?? making?.error;
    if (error) {
      this.#takeOver(part, error);
      return;
    }
    const stored = part.stored ?? making?.stored;
    if (!stored) {
      this.#watch(part);
      return;
    }
    if (!audio) {
      if (making) this.#tellFirstAudio(part.voice, "disk");
      this.#utterance.append(stored.muLaw);
    }
    this.#utterance.setClauseWords(clause.words, storedTimings(clause, stored), this.#clauseStart);
    this.#utterance.settleWords();
    if (this.#ahead || this.#coming.length > 0) this.#utterance.appendSilence(clause.pauseSamples);
    clearTimeout(this.#timer);
    this.begin();
  }

  /** A voice failed: another one says the rest of the clause, and all that comes after. */
  #takeOver(part: Part, error: SpeechError): void {
    clearTimeout(this.#timer);
    if (error.code === "SPEECH_CANCELLED") {
      this.#end(error);
      return;
    }
    this.#options.onFailure?.(error);
    // A voice that is only busy is as good as before for the next line.
    if (error.code !== "SPEECH_ENGINE_BUSY") this.#voices.markFailed(part.voice.engine);
    const fallback = this.#voices.fallbackFor(part.voice);
    if (!fallback) {
      this.#end(error);
      return;
    }
    this.#voice = fallback;
    const said = this.#settleSaid(part);
    const rest = rejoinClause(part.clause, said);
    const ahead = this.#ahead;
    this.#ahead = undefined;
    ahead?.leave();
    this.#coming = [...(rest ? [rest] : []), ...(ahead ? [ahead.clause] : []), ...this.#coming];
    if (said > 0) this.#utterance.appendSilence(TAKE_OVER_SAMPLES);
    this.begin();
  }

  /** Keeps the words of a broken clause that were heard whole; gives their number. */
  #settleSaid(part: Part): number {
    const reached = this.#utterance.readyThroughSamples - this.#clauseStart;
    const timings = reached > 0 ? (part.making?.audio?.wordTimings(part.clause) ?? []) : [];
    const said = timings.filter((timing) => timing.endSamples <= reached + NEARLY_SAID_SAMPLES).length;
    this.#utterance.settleWords(said);
    return said;
  }

  /**
   * Counts silence of the engine as failure, from the moment when the caller waits for this clause. While it stands in the
   * engine's queue it is given to the fallback voice, where there is one, and the engine is not held to be broken.
   */
  #watch(part: Part): void {
    clearTimeout(this.#timer);
    const { making, voice } = part;
    if (making?.source !== "made") return;
    const { engine, id } = voice;
    const { queued } = making;
    const isLast = this.#voices.fallbackFor(voice) === undefined;
    // The last voice has nobody behind it: on a machine that stalls, late speech is better than none.
    const patienceMs = isLast ? LAST_VOICE_PATIENCE * engine.timeoutMs : engine.timeoutMs;
    this.#timer = setTimeout(() => {
      if (queued && isLast) return;
      const code = queued ? "SPEECH_ENGINE_BUSY" : "SPEECH_ENGINE_TIMEOUT";
      part.error = new SpeechError(code, `${id} after ${patienceMs} ms`);
      part.leave();
      this.#pump(part);
    }, patienceMs);
  }

  #tellFirstAudio(voice: Voice, source: FirstAudioSource): void {
    if (this.#told) return;
    this.#told = true;
    this.#options.onFirstAudio?.(voice.engine.name, source, performance.now() - this.#startedMs);
  }

  #cancel(): void {
    this.#current?.leave();
    this.#ahead?.leave();
    this.#end(new SpeechError("SPEECH_CANCELLED", "the rest is no longer wanted"));
  }

  #end(error?: SpeechError): void {
    clearTimeout(this.#timer);
    this.#current = undefined;
    this.#utterance.end(error);
  }
}

function cacheKey(voice: Voice, rate: number, text: string): string {
  return SpeechCache.key([voice.engine.name, voice.engine.version, voice.name, rate, text]);
}
