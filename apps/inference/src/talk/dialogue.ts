import {
  type DialogueEvent,
  type DialogueState,
  type Effect,
  type OpenOptions,
  openDialogue,
  reduce,
  restoreDialogue,
  snapshotDialogue,
} from "@sidetone/dialogue";

/** One call's dialogue: the pure reducer and the state it is at. */
export interface Dialogue {
  reduce(event: DialogueEvent): Effect[];
  /** Plain JSON, without what `opened` brings anyway. */
  snapshot(): unknown;
}

/** The reducer of `@sidetone/dialogue`, fresh or going on from `snapshot`. */
export class PlaybookDialogue implements Dialogue {
  #state: DialogueState;

  constructor(options: OpenOptions, snapshot?: unknown) {
    this.#state = snapshot === undefined ? openDialogue(options) : restoreDialogue(snapshot, options.playbook);
  }

  reduce(event: DialogueEvent): Effect[] {
    const { state, effects } = reduce(this.#state, event);
    this.#state = state;
    return effects;
  }

  snapshot(): unknown {
    return snapshotDialogue(this.#state);
  }
}
