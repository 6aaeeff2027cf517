import { LINEAR_TO_ULAW, ULAW_TO_LINEAR } from "@sidetone/audio";
import { SidetoneError } from "@sidetone/platform";
import type { PodOutput } from "@sidetone/protocol";
import type { Utterance } from "@sidetone/speech";
import type { HopIn, HopOut } from "../shard/call-loop.ts";
import {
  type BegunLine,
  begunLine,
  epochWords,
  type HeardPart,
  heardPart,
  type Line,
  restOfWordSamples,
  type Say,
  type Speech,
  silentLine,
} from "./line.ts";
import { OwnWords } from "./own-words.ts";
import { type Placed, Playout } from "./playout.ts";

/** Makes speech off the road; what is known already is in the utterance at once. */
export interface Voice {
  /** `rate`: speed as a factor; 1 when absent. */
  say(text: string, rate?: number): Utterance;
}

/** What happened at the caller's ear, for the dialogue. */
export type MouthEvent =
  | { type: "began"; line: Line }
  | { type: "finished"; line: Line }
  | { type: "yielded"; line: Line; part: HeardPart };

const HOP_MS = 40;
/** A line may begin when this much of it is ready: two hops, so that the next piece is there before it is needed. */
const READY_SAMPLES = 640;
/** Between two lines of one turn: 160 ms. */
const PAUSE_SAMPLES = 1_280;
/** A word in progress may end when it ends within 60 ms. */
const WORD_GRACE_SAMPLES = 480;
/** The bridge tells within a tick or two how much of a cut epoch was heard: 1 s. */
const REPORT_HOPS = 25;
/** Of another pod's epoch it tells nothing but the hops that it gives again: 200 ms. */
const FOREIGN_REPORT_HOPS = 5;
/** How often the making of a line is begun before the call is given up. */
const MOST_ATTEMPTS = 3;
/** Murmurs are counted apart from the dialogue's utterances. */
const FIRST_MURMUR_ID = 1_000_000;
/** Murmurs are this much quieter than lines: -7 dB. */
const MURMUR_GAIN = 10 ** (-7 / 20);
const MURMURED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  return LINEAR_TO_ULAW[Math.round(ULAW_TO_LINEAR[byte]! * MURMUR_GAIN) & 0xffff]!;
});

interface Cut {
  epoch: number;
  heardSamples: number;
  lines: Line[];
  hopsWaited: number;
  /** After so many hops without news our own count has to do. */
  hopsToWait: number;
}

/**
 * Everything that the agent says in one call: lines planned and being made, the one being heard, murmurs, and what
 * was heard of what was cut off. Whether it may speak is not decided here.
 */
export class Mouth {
  readonly playout = new Playout();
  readonly ownWords = new OwnWords();
  readonly #voice: Voice;
  /** Planned, not begun; in order. */
  readonly #planned: Line[] = [];
  /** Begun, not heard to the end; the last of them may still be handed over. */
  readonly #begun: Line[] = [];
  #giving: Line | undefined;
  #pauseSamples = 0;
  #murmur: { placed: Placed; speech: Utterance } | undefined;
  #murmurs = 0;
  /** Stop at the end of the word in progress: nothing behind it is handed over any more. */
  #stopAfterHops = -1;
  readonly #cuts: Cut[] = [];

  constructor(voice: Voice) {
    this.#voice = voice;
  }

  /** Plans a line; its audio is made from now on. */
  plan(say: Say): void {
    const speech = this.#voice.say(say.text, say.rate);
    this.#planned.push({ say, speech, attempts: 1, placed: undefined, began: false, worded: false });
  }

  /** Forgets lines of which nothing was heard. A line that is already on its way is left to be heard. */
  drop(utteranceIds: readonly number[]): void {
    for (let i = this.#planned.length - 1; i >= 0; i--) {
      if (!utteranceIds.includes(this.#planned[i]!.say.utteranceId)) continue;
      this.#planned[i]!.speech.cancel();
      this.#planned.splice(i, 1);
    }
  }

  /** The next line, when its audio is ready and nothing stands before it. */
  get ready(): Line | undefined {
    const line = this.#planned[0];
    if (!line || this.#giving || this.stopping || this.#cuts.length > 0) return undefined;
    if (line.speech.readyThroughSamples >= READY_SAMPLES) return line;
    if (!line.speech.done) return undefined;
    return isMute(line.speech) && this.#tryAgain(line) ? undefined : line;
  }

  get planned(): readonly Line[] {
    return this.#planned;
  }

  /** The line that is heard now, or that the caller is about to hear. */
  get current(): Line | undefined {
    return this.#begun[0];
  }

  /** Lines are on their way to the caller's ear. */
  get speaking(): boolean {
    return this.#begun.length > 0;
  }

  get stopping(): boolean {
    return this.#stopAfterHops >= 0;
  }

  /** Nothing is planned, on its way, or waits for its report. */
  get idle(): boolean {
    return this.#planned.length === 0 && this.#begun.length === 0 && this.#cuts.length === 0;
  }

  /** Lines on their way in the current epoch. */
  get begun(): BegunLine[] {
    return this.#begun.map(begunLine);
  }

  /** Follows the caller's ear; call once a hop, first. */
  hear(hop: HopIn, events: MouthEvent[]): void {
    this.playout.hear(hop);
    this.ownWords.follow(this.current, this.playout.heardSamples, (hop.hop + 1) * HOP_MS);
    for (const line of this.#begun) {
      if (line.began || this.playout.heardSamples <= line.placed!.startSamples) continue;
      line.began = true;
      events.push({ type: "began", line });
    }
    for (let done = this.playout.finished(); done; done = this.playout.finished()) {
      const line = this.#begun[0];
      if (line?.placed !== done) continue;
      this.#begun.shift();
      // Where no voice could finish it, the caller heard a part.
      if (line.speech.error && line.speech.readyThroughSamples > 0) {
        events.push({ type: "yielded", line, part: heardPart(line, this.playout.heardSamples) });
      } else events.push({ type: "finished", line });
    }
    for (const cut of this.#cuts) {
      cut.hopsWaited++;
      if (hop.heardEpoch !== cut.epoch || hop.heardSamples <= cut.heardSamples) continue;
      cut.heardSamples = hop.heardSamples;
      // The audio of a pod that was lost plays on for a moment.
      cut.hopsWaited = 0;
    }
    const overdue = this.#cuts[0];
    if (overdue && overdue.hopsWaited > overdue.hopsToWait)
      this.epochEnded(overdue.epoch, overdue.heardSamples, events);
  }

  /** The next line begins: it takes the floor. Throws `SPEECH_FAILED` when no voice can say it. */
  begin(out: HopOut): void {
    const line = this.#planned.shift();
    if (!line) return;
    if (isMute(line.speech)) throw new SidetoneError("SPEECH_FAILED", undefined, { cause: line.speech.error });
    line.placed = this.playout.begin(line.say.utteranceId, true);
    this.#begun.push(line);
    this.#giving = line;
    out.outputs.push({
      type: "said",
      utteranceId: line.say.utteranceId,
      epoch: this.playout.epoch,
      startSamples: line.placed.startSamples,
      text: line.say.text,
      act: line.say.act,
      uninterruptible: line.say.uninterruptible,
    });
  }

  /** The next line follows the one before in the same turn, after a breath. */
  chain(out: HopOut): void {
    this.#pauseSamples -= this.playout.pause(this.#pauseSamples, out);
    if (this.#pauseSamples <= 0) this.begin(out);
  }

  /** A murmur that takes no floor; nothing happens while something else is being said. */
  murmur(text: string, out: HopOut): boolean {
    const speech = this.#voice.say(text);
    if (this.speaking || this.#murmur || !speech.done || speech.readyThroughSamples === 0) {
      // A murmur that has to be made first would come too late; the next one will be there.
      return false;
    }
    const utteranceId = FIRST_MURMUR_ID + this.#murmurs++;
    this.#murmur = { placed: this.playout.begin(utteranceId, false), speech };
    out.outputs.push({
      type: "said",
      utteranceId,
      epoch: this.playout.epoch,
      startSamples: this.#murmur.placed.startSamples,
      text,
      act: "backchannel",
      uninterruptible: false,
    });
    return true;
  }

  /** Hands over this hop's audio. */
  give(out: HopOut): void {
    if (this.#murmur) this.#giveMurmur(this.#murmur, out);
    else if (this.#giving) this.#giveLine(this.#giving, out);
  }

  /**
   * Gives up the floor: at once, or one hop later where the word in progress ends within 60 ms. The unheard rest is
   * told when the bridge says what was heard.
   */
  yield(now: boolean): void {
    if (this.stopping || !this.speaking) return;
    const rest = this.current ? restOfWordSamples(this.current, this.playout.heardSamples) : 0;
    if (!now && rest > 0 && rest <= WORD_GRACE_SAMPLES) {
      this.#stopAfterHops = 1;
      this.#giving = undefined;
      return;
    }
    this.#cut();
  }

  /** Completes a yield that waited for a word's end; call once a hop, before anything is decided. */
  tick(): void {
    this.playout.tick();
    if (!this.stopping) return;
    if (this.#stopAfterHops-- === 0) this.#cut();
  }

  /** The bridge says what the caller heard of an epoch. */
  epochEnded(epoch: number, heardSamples: number, events: MouthEvent[]): void {
    const index = this.#cuts.findIndex((cut) => cut.epoch === epoch);
    if (index < 0) return;
    const [cut] = this.#cuts.splice(index, 1);
    for (const line of cut!.lines) {
      const part = heardPart(line, heardSamples);
      if (!line.began && heardSamples > line.placed!.startSamples) events.push({ type: "began", line });
      line.speech.cancel();
      events.push(part.whole ? { type: "finished", line } : { type: "yielded", line, part });
    }
  }

  /** Goes on where another pod was lost in the middle of these lines: what is still heard of them is counted. */
  resume(epoch: number, heardSamples: number, begun: readonly BegunLine[]): void {
    this.playout.epoch = epoch + 1;
    if (begun.length === 0) return;
    const lines = begun.map(silentLine);
    this.#cuts.push({ epoch, heardSamples, lines, hopsWaited: 0, hopsToWait: FOREIGN_REPORT_HOPS });
  }

  /** Word timings of lines whose making is done since the last call. */
  worded(outputs: PodOutput[]): void {
    for (const line of this.#begun) {
      if (line.worded || !line.speech.done) continue;
      line.worded = true;
      outputs.push({ type: "worded", utteranceId: line.say.utteranceId, words: epochWords(line) });
    }
  }

  /** Resolves when all that is being made is made. */
  async settled(): Promise<void> {
    const lines = this.#giving ? [this.#giving, ...this.#planned] : this.#planned;
    await Promise.all(lines.map((line) => line.speech.finished));
  }

  close(): void {
    for (const line of [...this.#planned, ...this.#begun]) line.speech.cancel();
  }

  /** Engines may have been overwhelmed for a moment. */
  #tryAgain(line: Line): boolean {
    if (line.attempts >= MOST_ATTEMPTS) return false;
    line.attempts++;
    line.speech = this.#voice.say(line.say.text, line.say.rate);
    return true;
  }

  #cut(): void {
    this.#stopAfterHops = -1;
    const { epoch, heardSamples } = this.playout;
    this.playout.cut();
    this.#murmur = undefined;
    this.#giving = undefined;
    this.#pauseSamples = 0;
    this.#cuts.push({ epoch, heardSamples, lines: this.#begun.splice(0), hopsWaited: 0, hopsToWait: REPORT_HOPS });
  }

  #giveLine(line: Line, out: HopOut): void {
    const { placed, speech } = line;
    this.playout.give(
      placed!,
      (target, offset, maxBytes) => {
        const bytes = Math.min(maxBytes, speech.readyThroughSamples - placed!.givenSamples);
        return speech.read(placed!.givenSamples, target.subarray(offset, offset + Math.max(0, bytes)));
      },
      out,
    );
    if (!speech.done || placed!.givenSamples < speech.readyThroughSamples) return;
    placed!.complete = true;
    this.#giving = undefined;
    this.#pauseSamples = PAUSE_SAMPLES;
  }

  #giveMurmur(murmur: { placed: Placed; speech: Utterance }, out: HopOut): void {
    const { placed, speech } = murmur;
    const from = out.audioBytes;
    this.playout.give(
      placed,
      (target, offset, maxBytes) => {
        const bytes = Math.min(maxBytes, speech.readyThroughSamples - placed.givenSamples);
        return speech.read(placed.givenSamples, target.subarray(offset, offset + bytes));
      },
      out,
    );
    for (let i = from; i < out.audioBytes; i++) out.audio[i] = MURMURED[out.audio[i]!]!;
    if (placed.givenSamples < speech.readyThroughSamples) return;
    placed.complete = true;
    this.#murmur = undefined;
  }
}

/** No voice could say any of it, though there was something to say. */
const isMute = ({ error, readyThroughSamples }: Speech): boolean =>
  error !== undefined && readyThroughSamples === 0 && error.code !== "SPEECH_NOTHING_TO_SAY";
