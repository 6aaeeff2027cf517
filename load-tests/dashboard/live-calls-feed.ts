import type { CallEvent } from "@sidetone/protocol";
import { seededRandom } from "@sidetone/testkit";

const WORDS = "where is my order it should have been here on monday could you look that up for me please".split(" ");

/** Events of many calls at once, as dense as lively conversations: every tenth of a second some of them change. */
export class LiveCallsFeed {
  readonly #ids: string[];
  readonly #random = seededRandom(1);
  #atMs = 0;

  constructor(calls: number) {
    this.#ids = Array.from({ length: calls }, (_, i) => `live${i}`);
  }

  started(): CallEvent[] {
    return this.#ids.map((callId, i) => ({
      type: "started",
      callId,
      atMs: 0,
      from: `+44163296${String(i).padStart(4, "0")}`,
      to: "+15550100",
      direction: "inbound",
      playbookId: "retail-order-support",
      playbookVersion: 1,
      bridgeId: "bridge-made",
      podId: "pod-made",
      startedAt: new Date(Date.now() - i * 1_000).toISOString(),
      carrier: "test",
    }));
  }

  /** 100 ms of all calls: a fifth changes the floor, a twentieth is heard a little further, a few respond or look up. */
  tick(): CallEvent[] {
    this.#atMs += 100;
    const events: CallEvent[] = [];
    const atMs = this.#atMs;
    for (const callId of this.#ids) {
      const dice = this.#random();
      const base = { callId, atMs };
      if (dice < 0.2) {
        const caller = this.#random() < 0.5;
        events.push({ ...base, type: "floor", caller, agent: !caller, decision: caller ? "listen" : "hold" });
      } else if (dice < 0.25) {
        const turn = Math.floor(atMs / 5_000);
        const words = WORDS.slice(0, 1 + (Math.floor(atMs / 300) % WORDS.length)).map((text, i) => ({
          text,
          startMs: i * 300,
          endMs: i * 300 + 250,
          confidence: 0.9,
        }));
        const output = { type: "heard", turn, revision: Math.floor(atMs / 300), final: false, words } as const;
        events.push({ ...base, type: "left", output });
      } else if (dice < 0.26) events.push({ ...base, type: "responded", latencyMs: 300 + this.#random() * 500 });
      else if (dice < 0.27) {
        const taskId = `t${Math.floor(atMs / 10_000)}`;
        const step = this.#random() < 0.5 ? ("delegated" as const) : ("found" as const);
        events.push({ ...base, type: "task", taskId, epoch: 0, kind: "order-status", step });
      }
    }
    return events;
  }
}
