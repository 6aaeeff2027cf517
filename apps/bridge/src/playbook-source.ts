import { SidetoneError } from "@sidetone/platform";
import type { PlaybookOfCall } from "@sidetone/protocol";

/** Where playbooks come from. Both methods answer at once, from memory: calls are waiting. */
export interface PlaybookSource {
  /** Which playbook a call to this number runs. @throws SidetoneError PLAYBOOK_UNKNOWN */
  forNumber(to: string): PlaybookOfCall;
  /** @throws SidetoneError PLAYBOOK_UNKNOWN */
  byId(id: string): PlaybookOfCall;
}

/** The installers' tool: a tone, then whatever the caller says comes back. Needs no document. */
export const LINE_TEST: PlaybookOfCall = { id: "line-test", version: 1, model: "line-test", document: {} };

export interface PlaybookRoutes {
  /** Number to playbook id. */
  numbers: Readonly<Record<string, string>>;
  /** For numbers that are not routed. */
  byDefault: string | undefined;
}

/** Playbooks in memory, by id, and the table that routes numbers to them. */
export class PlaybookTable implements PlaybookSource {
  #routes: PlaybookRoutes;
  readonly #playbooks = new Map<string, PlaybookOfCall>();

  constructor(routes: PlaybookRoutes, playbooks: Iterable<PlaybookOfCall> = []) {
    this.#routes = routes;
    this.replace(routes, playbooks);
  }

  /** Takes a whole new set; calls in progress keep the playbook they were opened with. */
  replace(routes: PlaybookRoutes, playbooks: Iterable<PlaybookOfCall>): void {
    this.#routes = routes;
    this.#playbooks.clear();
    this.#playbooks.set(LINE_TEST.id, LINE_TEST);
    for (const playbook of playbooks) this.#playbooks.set(playbook.id, playbook);
  }

  get ids(): string[] {
    return [...this.#playbooks.keys()];
  }

  forNumber(to: string): PlaybookOfCall {
    if (to === LINE_TEST.id) return LINE_TEST;
    const id = this.#routes.numbers[to] ?? this.#routes.byDefault ?? this.#onlyOne();
    return this.byId(id);
  }

  byId(id: string): PlaybookOfCall {
    const playbook = this.#playbooks.get(id);
    if (!playbook) throw new SidetoneError("PLAYBOOK_UNKNOWN", `It is "${id}"; there are ${this.ids.join(", ")}.`);
    return playbook;
  }

  /** With nothing routed, the first playbook that is not the line test; the line test when there is no other. */
  #onlyOne(): string {
    return this.ids.find((id) => id !== LINE_TEST.id) ?? LINE_TEST.id;
  }
}
