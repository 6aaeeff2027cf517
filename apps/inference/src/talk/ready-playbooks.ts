import { fixedLinesOf, type Playbook, validatePlaybook, vocabularyOf } from "@sidetone/dialogue";
import { Grammar, type ModelInfo } from "@sidetone/interaction-model";
import type { Logger } from "@sidetone/platform";
import { compilePronunciations, type SayOptions, type Speaker } from "@sidetone/speech";

/** What talks need of speech. */
export type TalkSpeaker = Pick<Speaker, "say" | "warm">;

/** Playbooks that a worker keeps ready; calls bring the document with them. */
const KEPT = 16;

/** What is worked out of a playbook once, for all its calls in a worker. */
export interface ReadyPlaybook {
  readonly playbook: Playbook;
  readonly saying: SayOptions;
  /** The words its callers use; undefined for a model without symbols. */
  readonly grammar: Grammar | undefined;
}

/** Playbooks by their content, oldest out first. */
export class ReadyPlaybooks {
  readonly #info: ModelInfo;
  readonly #speaker: TalkSpeaker;
  readonly #log: Logger;
  readonly #byContent = new Map<string, ReadyPlaybook>();

  constructor(info: ModelInfo, speaker: TalkSpeaker, log: Logger) {
    this.#info = info;
    this.#speaker = speaker;
    this.#log = log;
  }

  /** Throws `DialogueError` for a document that is no playbook. */
  of(document: unknown): ReadyPlaybook {
    const content = JSON.stringify(document);
    const known = this.#byContent.get(content);
    if (known) return known;
    const { document: playbook } = validatePlaybook(document);
    const { phrases, words } = vocabularyOf(playbook);
    const { symbols } = this.#info;
    const ready: ReadyPlaybook = {
      playbook,
      saying: { voice: playbook.persona.voice, pronunciations: compilePronunciations(playbook.pronunciation) },
      grammar: symbols.length > 0 ? new Grammar({ symbols, phrases, words }) : undefined,
    };
    this.#byContent.set(content, ready);
    const [oldest] = this.#byContent.keys();
    if (this.#byContent.size > KEPT) this.#byContent.delete(oldest!);
    this.#warm(ready);
    return ready;
  }

  /** Makes the lines that every call will say, behind whatever a call waits for. */
  #warm(ready: ReadyPlaybook): void {
    const { id, version } = ready.playbook;
    void this.#speaker
      .warm(fixedLinesOf(ready.playbook), ready.saying)
      .then((result) => this.#log.info({ playbook: id, version, ...result }, "fixed lines are ready"));
  }
}
