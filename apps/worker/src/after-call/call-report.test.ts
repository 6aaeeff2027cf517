import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, PodOutput, TapeHeader, TaskKind } from "@sidetone/protocol";
import { reportOf } from "./call-report.ts";
import { StoryBuilder } from "./call-story.ts";

const header: TapeHeader = {
  format: "sidetone-tape",
  version: 1,
  callId: "c",
  carrierCallId: "CA1",
  startedAt: "2026-11-20T10:00:00.000Z",
  sampleRateHz: 8000,
  hopSamples: 320,
  audio: "mu-law",
  scoreNames: [],
  model: "interaction",
  modelHash: "hash",
  bridgeId: "bridge-test",
  softwareVersion: "0",
};

/** One thing that happened in a call, in short. */
type Did =
  | ["want", string]
  | ["caller", string]
  /** Said, and how many of its words were heard; all by default. */
  | ["answer", string, number?]
  | ["delegate", TaskKind, string, epoch?: number]
  | ["cancel", string]
  | ["found" | "not-found" | "failed" | "timed-out", string, code?: string | undefined, epoch?: number];

function storyOf(did: readonly Did[]) {
  const story = new StoryBuilder(header);
  const kinds = new Map<string, TaskKind>();
  const out = (output: PodOutput) => story.output(0, output);
  out({ type: "recording", on: true, reason: "announced" });
  did.forEach((one, n) => {
    switch (one[0]) {
      case "want":
        out({ type: "want-recognised", want: one[1], confidence: 1 });
        return;
      case "caller": {
        const words = one[1].split(" ").map((text) => ({ text, startMs: n, endMs: n, confidence: 1 }));
        out({ type: "heard", turn: n, revision: 0, final: true, words });
        return;
      }
      case "answer": {
        const [, text, heardWords] = one;
        const base = { epoch: 0, startSamples: 0, text, act: "answer", uninterruptible: false } as const;
        out({ type: "said", utteranceId: n, ...base });
        if (heardWords === undefined) out({ type: "finished", utteranceId: n });
        else {
          const words = text.split(" ");
          const heardText = words.slice(0, heardWords).join(" ");
          const unheardText = words.slice(heardWords).join(" ");
          out({ type: "yielded", utteranceId: n, heardThroughWord: heardWords - 1, heardText, unheardText });
        }
        return;
      }
      case "delegate": {
        const [, kind, taskId, epoch = 0] = one;
        kinds.set(taskId, kind);
        const outlivesCall = kind === "request-refund";
        const input = { orderNumber: "47291" };
        out({ type: "delegate", taskId, epoch, kind, input, priority: 1, outlivesCall });
        return;
      }
      case "cancel":
        out({ type: "cancel", taskId: one[1], reason: "no longer wanted" });
        return;
      default: {
        const [outcome, taskId, code, epoch = 0] = one;
        const kind = kinds.get(taskId) as TaskKind;
        const error = code === undefined ? {} : { error: { code, message: code, retryable: false } };
        const finding: Finding = { taskId, epoch, kind, outcome, tookMs: 1, ...error };
        story.input(0, { type: "finding", finding });
      }
    }
  });
  return story.finish(60_000);
}

const asks: Did[] = [
  ["caller", "where is my order"],
  ["want", "order-status"],
  ["delegate", "order-status", "t1"],
];
const told: Did = ["answer", "Your order has been shipped today"];

const TABLE: [name: string, did: Did[], outcome: string, disposition: string, followUps: string[]][] = [
  ["found, and told", [...asks, ["found", "t1"], told], "contained", "order-status: answered", []],
  [
    "not found, although that was told",
    [...asks, ["not-found", "t1"], ["answer", "I can't find that order"]],
    "unresolved",
    "order-status: not found",
    ["Nothing was found for the order status of order 47291."],
  ],
  [
    "not found, then found under another number",
    [...asks, ["not-found", "t1"], ["delegate", "order-status", "t2"], ["found", "t2"], told],
    "contained",
    "order-status: answered",
    [],
  ],
  [
    "corrected while it was looked up: only the newer lookup counts",
    [...asks, ["delegate", "order-status", "t1", 1], ["found", "t1", undefined, 1], told],
    "contained",
    "order-status: answered",
    [],
  ],
  [
    "found, but the caller had left",
    [...asks, ["found", "t1"]],
    "unresolved",
    "order-status: left without an answer",
    [],
  ],
  [
    "found, and cut off at the second word",
    [...asks, ["found", "t1"], ["answer", "Your order has been shipped today", 2]],
    "unresolved",
    "order-status: left without an answer",
    [],
  ],
  [
    "left while it was looked up",
    asks,
    "unresolved",
    "order-status: left before the lookup was done",
    ["The order status of order 47291 was not done when the call ended."],
  ],
  [
    "the system failed",
    [...asks, ["failed", "t1", "CONNECTOR_DOWN"], ["answer", "I can't get at our orders right now"]],
    "unresolved",
    "order-status: lookup failed",
    ["The order status of order 47291 failed and is open."],
  ],
  [
    "the system said no",
    [
      ["want", "cancel"],
      ["delegate", "cancel-order", "t1"],
      ["failed", "t1", "CONNECTOR_REFUSED"],
      ["answer", "It can't be cancelled any more"],
    ],
    "unresolved",
    "cancel: refused",
    [],
  ],
  [
    "one matter answered, another not",
    [
      ...asks,
      ["found", "t1"],
      told,
      ["delegate", "invoice", "t2"],
      ["not-found", "t2"],
      ["answer", "I can't find an invoice"],
    ],
    "unresolved",
    "order-status: not found",
    ["Nothing was found for the invoice of order 47291."],
  ],
  [
    "a lookup that was no longer wanted counts for nothing",
    [...asks, ["cancel", "t1"], ["want", "store-hours"], ["answer", "We close at eight"]],
    "contained",
    "order-status: answered",
    [],
  ],
  [
    "a want that nobody answered",
    [
      ["caller", "i want to complain"],
      ["want", "complaint"],
    ],
    "unresolved",
    "complaint: left without an answer",
    ["The caller asked about complaint and heard no answer."],
  ],
  [
    "a promise that is kept after the call",
    [
      ["want", "refund"],
      ["delegate", "request-refund", "t1"],
      ["answer", "It is on its way"],
    ],
    "contained",
    "refund: answered",
    [],
  ],
  [
    "not understood",
    [
      ["caller", "erm"],
      ["caller", "hello"],
    ],
    "unresolved",
    "no want: not understood",
    [],
  ],
  ["nothing said", [], "abandoned", "no want: abandoned", []],
];

for (const [name, did, outcome, disposition, followUps] of TABLE) {
  test(`a call's end is told as it was: ${name}`, () => {
    const report = reportOf(storyOf(did), "caller-hung-up");
    assert.deepEqual([report.outcome, report.disposition, report.followUps], [outcome, disposition, followUps]);
  });
}
