import { SidetoneError } from "@sidetone/platform";
import type { PlaybookOfCall } from "@sidetone/protocol";
import { ANY_NUMBER, chooseRoute, type NumberRoute, type NumberRoutes, routeLabel } from "@sidetone/store";

/** Which rule sent a call to its playbook, and how it reads. */
export interface RouteOfCall {
  id: string;
  label: string;
}

export interface ChosenPlaybook {
  /** What `byKey` finds it by again: its id, and its version where a rule names one. */
  key: string;
  playbook: PlaybookOfCall;
  route: RouteOfCall | undefined;
}

/** A call before its stream, as far as the choice of a playbook needs it. */
export interface ArrivingCall {
  to: string;
  from: string;
  carrierCallId: string;
}

/** Where playbooks come from. All methods answer at once, from memory: calls are waiting. */
export interface PlaybookSource {
  /** Which playbook a call runs. @throws SidetoneError PLAYBOOK_UNKNOWN */
  forCall(call: ArrivingCall): ChosenPlaybook;
  /** @throws SidetoneError PLAYBOOK_UNKNOWN */
  byKey(key: string): PlaybookOfCall;
  /** A rule by its id, as it reads now. */
  route(id: string): RouteOfCall;
}

/** The installers' tool: a tone, then whatever the caller says comes back. Needs no document. */
export const LINE_TEST: PlaybookOfCall = { id: "line-test", version: 1, model: "line-test", document: {} };

export interface PlaybookRoutes {
  /** Number to playbook id, or to rules in order. */
  numbers: NumberRoutes;
  /** For numbers that are not routed. */
  byDefault: string | undefined;
}

/** What carriers send in the place of a number that is withheld: words, or the words typed on a telephone's keys. */
const WITHHELD = /^(?!\+\d)|^\+(266696687|7378742833|2562533|8566696|86282452253)$/;

const versionKey = (id: string, version: number): string => `${id}@${version}`;

/** Playbooks in memory, by id, and the table that routes numbers to them. */
export class PlaybookTable implements PlaybookSource {
  #routes: PlaybookRoutes;
  readonly #playbooks = new Map<string, PlaybookOfCall>();
  readonly #wallMs: () => number;

  constructor(routes: PlaybookRoutes, playbooks: Iterable<PlaybookOfCall> = [], wallMs: () => number = Date.now) {
    this.#routes = routes;
    this.#wallMs = wallMs;
    this.replace(routes, playbooks);
  }

  /**
   * Takes a whole new set; calls in progress keep the playbook they were opened with. `versions` are those that rules
   * name; of the others there is one each.
   */
  replace(routes: PlaybookRoutes, playbooks: Iterable<PlaybookOfCall>, versions: Iterable<PlaybookOfCall> = []): void {
    this.#routes = routes;
    this.#playbooks.clear();
    this.#playbooks.set(LINE_TEST.id, LINE_TEST);
    for (const playbook of playbooks) this.#playbooks.set(playbook.id, playbook);
    for (const playbook of versions) this.#playbooks.set(versionKey(playbook.id, playbook.version), playbook);
  }

  get ids(): string[] {
    return [...this.#playbooks.keys()];
  }

  forCall(call: ArrivingCall): ChosenPlaybook {
    if (call.to === LINE_TEST.id) return { key: LINE_TEST.id, playbook: LINE_TEST, route: undefined };
    const { numbers, byDefault } = this.#routes;
    const own = numbers[call.to] ?? numbers[ANY_NUMBER] ?? [];
    if (typeof own !== "string") {
      const found = this.#ruled(own, call);
      if (found) return found;
    }
    const key = typeof own === "string" ? own : (byDefault ?? this.#onlyOne());
    return { key, playbook: this.byKey(key), route: undefined };
  }

  byKey(key: string): PlaybookOfCall {
    const playbook = this.#playbooks.get(key);
    if (!playbook) throw new SidetoneError("PLAYBOOK_UNKNOWN", `It is "${key}"; there are ${this.ids.join(", ")}.`);
    return playbook;
  }

  route(id: string): RouteOfCall {
    for (const rules of Object.values(this.#routes.numbers)) {
      const rule = typeof rules === "string" ? undefined : rules.find((each) => each.id === id);
      if (rule) return { id, label: routeLabel(rule) };
    }
    return { id, label: "a rule that is no longer there" };
  }

  /** A rule whose playbook is not here is as if it were not there: the caller is answered by the next. */
  #ruled(rules: readonly NumberRoute[], call: ArrivingCall): ChosenPlaybook | undefined {
    const usable = rules.filter((rule) => this.#playbooks.has(keyOf(rule)));
    const caller = WITHHELD.test(call.from) ? call.carrierCallId : call.from;
    const rule = chooseRoute(usable, { number: call.to, caller, atMs: this.#wallMs() });
    if (!rule) return undefined;
    const key = keyOf(rule);
    return { key, playbook: this.byKey(key), route: { id: rule.id, label: routeLabel(rule) } };
  }

  /** With nothing routed, the first playbook that is not the line test; the line test when there is no other. */
  #onlyOne(): string {
    return this.ids.find((id) => id !== LINE_TEST.id) ?? LINE_TEST.id;
  }
}

const keyOf = (rule: NumberRoute): string =>
  rule.version === null ? rule.playbookId : versionKey(rule.playbookId, rule.version);
