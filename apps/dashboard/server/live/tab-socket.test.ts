import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CallEvent } from "@sidetone/protocol";
import { Mask } from "../masking.ts";
import { LiveCalls } from "./live-calls.ts";
import { EVENTS_KEPT, HIGH_WATER_BYTES, type TabBatch, TabSocket } from "./tab-socket.ts";

const started = (callId: string): CallEvent => ({
  type: "started",
  callId,
  atMs: 0,
  from: "+441632960011",
  to: "+15550100",
  direction: "inbound",
  playbookId: "retail",
  playbookVersion: 1,
  bridgeId: "b",
  podId: "p",
  startedAt: "2026-05-01T10:00:00.000Z",
  carrier: "test",
});
const floor = (callId: string, atMs: number): CallEvent => ({
  type: "floor",
  callId,
  atMs,
  caller: atMs % 80 === 0,
  agent: false,
  decision: "listen",
});
const heard = (callId: string, text: string): CallEvent => ({
  type: "left",
  callId,
  atMs: 1_000,
  output: {
    type: "heard",
    turn: 0,
    revision: 0,
    final: true,
    words: [{ text, startMs: 0, endMs: 900, confidence: 1 }],
  },
});

function open(role: "admin" | "viewer" = "admin") {
  const calls = new LiveCalls();
  const sent: TabBatch[] = [];
  const wire = { bufferedAmount: 0, send: (text: string) => void sent.push(JSON.parse(text)), close: () => undefined };
  const tab = new TabSocket(wire, calls, role, new Mask(new Set()));
  calls.follow(tab);
  return { calls, sent, wire, tab };
}

describe("a tab's socket", () => {
  it("sends one message a flush, each changed call once", () => {
    const { calls, sent, tab } = open();
    tab.request({ type: "watch-list", on: true });
    for (let i = 0; i < 500; i++) calls.apply(started(`c${i}`), 0);
    tab.flush();
    assert.equal(sent.length, 1);
    assert.equal(sent[0]?.list?.changed.length, 500);
    for (let n = 1; n <= 20; n++) for (let i = 0; i < 500; i++) calls.apply(floor(`c${i}`, n * 40), 0);
    tab.flush();
    assert.equal(sent.length, 2);
    assert.equal(sent[1]?.list?.changed.length, 500);
    assert.equal(sent[1]?.list?.changed[0]?.atMs, 800);
    tab.flush();
    assert.equal(sent.length, 2);
  });

  it("sends nothing to a slow tab, keeps a bounded queue, and begins anew with the whole state", () => {
    const { calls, sent, wire, tab } = open();
    calls.apply(started("c1"), 0);
    tab.request({ type: "watch-call", callId: "c1", on: true });
    tab.flush();
    wire.bufferedAmount = HIGH_WATER_BYTES + 1;
    for (let n = 0; n < 3 * EVENTS_KEPT; n++) {
      calls.apply(floor("c1", n * 40), 0);
      tab.flush();
    }
    assert.equal(sent.length, 1);
    wire.bufferedAmount = 0;
    tab.flush();
    const update = sent[1]?.calls?.[0];
    assert.equal(update?.events.length, EVENTS_KEPT);
    assert.equal(update?.dropped, 2 * EVENTS_KEPT);
    assert.equal(update?.whole?.summary.atMs, (3 * EVENTS_KEPT - 1) * 40);
  });

  it("sends of a call that it knows only what changed, and says what is no more", () => {
    const { calls, sent, tab } = open();
    const quiet: CallEvent = { type: "floor", callId: "c1", atMs: 0, caller: false, agent: false, decision: "listen" };
    calls.apply(started("c1"), 0);
    calls.apply(quiet, 0);
    tab.request({ type: "watch-list", on: true });
    tab.flush();
    assert.equal(sent[0]?.list?.changed[0]?.from, "+441632960011");
    assert.equal(sent[0]?.list?.changed[0]?.silentSinceMs, 0);
    calls.apply({ ...quiet, atMs: 40, caller: true }, 0);
    tab.flush();
    assert.deepEqual(sent[1]?.list?.changed, [
      { id: "c1", atMs: 40, callerTalks: true, longestSilenceMs: 40, silentSinceMs: null },
    ]);
    // A tab that asks anew gets everything again.
    tab.request({ type: "watch-list", on: true });
    tab.flush();
    assert.equal(sent[2]?.list?.changed[0]?.from, "+441632960011");
  });

  it("leaves the list out of a flush that is for opened calls only", () => {
    const { calls, sent, tab } = open();
    calls.apply(started("c1"), 0);
    tab.request({ type: "watch-list", on: true });
    tab.flush(false);
    assert.equal(sent.length, 0);
    tab.flush();
    assert.equal(sent[0]?.list?.changed.length, 1);
  });

  it("says when a call has gone", () => {
    const { calls, sent, tab } = open();
    calls.apply(started("c1"), 0);
    tab.request({ type: "watch-list", on: true });
    tab.flush();
    calls.remove("c1");
    tab.flush();
    assert.deepEqual(sent[1]?.list?.gone, ["c1"]);
  });

  it("gives a viewer no digits, no spelled numbers and no caller's number", () => {
    for (const [role, visible] of [
      ["admin", true],
      ["viewer", false],
    ] as const) {
      const { calls, sent, tab } = open(role);
      calls.apply(started("c1"), 0);
      tab.request({ type: "watch-list", on: true });
      tab.request({ type: "watch-call", callId: "c1", on: true });
      calls.apply(heard("c1", "my card is four 7 ann@example.com"), 0);
      tab.flush();
      const text = JSON.stringify(sent);
      for (const secret of ["four", "card is four", "ann@example.com", "441632960011"])
        assert.equal(text.includes(secret), visible, `${role} ${secret}`);
    }
  });
});
