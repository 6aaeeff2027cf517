import type { Question } from "../state.ts";
import { hearWhisper, type Whisper } from "../understanding/whispers.ts";
import { type Draft, line, nowOf, remark } from "./draft.ts";
import { handOver, offer } from "./hand-over.ts";
import { changePace } from "./pace.ts";
import { askAgain } from "./questions.ts";
import { isReachable } from "./reach.ts";
import { optionsOf } from "./turns.ts";

const KEPT_HINTS = 10;

/** A supervisor's whisper: does what it asks, keeps it as context, and tells truthfully what came of it. */
export function takeWhisper(d: Draft, text: string, by: string): void {
  const whisper = hearWhisper(d.book, text, { now: nowOf(d), options: optionsOf(d) });
  if (whisper?.kind !== "say") {
    d.s.hints.push(whisper?.kind === "note" ? whisper.text : text);
    if (d.s.hints.length > KEPT_HINTS) d.s.hints.shift();
  }
  const did = whisper === null ? null : heed(d, whisper);
  d.effects.push({
    type: "whisper-answered",
    by,
    understood: did !== null,
    did: did ?? "not understood: kept as a note, nothing else changes",
  });
}

/** Does what was asked; says what that was, or null where it cannot be done now. */
function heed(d: Draft, whisper: Whisper): string | null {
  const { s } = d;
  if (s.phase === "ended" || s.phase === "transferring") return null;
  switch (whisper.kind) {
    case "say":
      remark(d, { name: "whisper", text: whisper.text });
      return "says it";
    case "note":
      return "kept as a note";
    case "hand-over":
      handOver(d, "a supervisor asked for it");
      return "hands the call over";
    case "verify-first":
      s.verifyFirst = true;
      return "verifies the caller before anything is looked up or changed";
    case "slower":
      return changePace(d, "slower") ? "speaks more slowly" : "speaks as slowly as it can already";
    case "faster":
      return changePace(d, "faster") ? "speaks faster" : "speaks as fast as it may already";
    case "stop-recording":
      if (s.recording === "on") {
        d.effects.push({ type: "recording", on: false, reason: "a supervisor asked for it" });
        remark(d, { name: "recording", text: line(d, "recording-stopped", `whisper:${s.counters.remark}`) });
      }
      s.recording = "off";
      return "records no longer";
    case "wrap-up":
      s.closing = true;
      return "sums up and says goodbye";
    case "ask-again":
      if (s.asking === null) return null;
      askAgain(d, "again");
      return "asks again";
    case "offer":
      if (whisper.what === "message" && !isReachable(d)) return null;
      offer(d, whisper.what);
      return `offers ${OFFERED[whisper.what]}`;
    case "offer-want": {
      const question: Question = { kind: "offer-want", want: whisper.want };
      s.asking = {
        key: `offer-want:${whisper.want}:${s.counters.remark++}`,
        question,
        heardAtMs: null,
        begun: false,
        round: 0,
        form: "plain",
      };
      return `offers help with ${d.book.playbook.wants[whisper.want]?.title ?? whisper.want}`;
    }
    case "slot": {
      const { slot, value } = whisper;
      const told = { value, confidence: 1, confirmed: true, source: "supervisor", tentative: false } as const;
      for (const understood of [s.understood, s.turn?.base]) {
        if (understood === undefined) continue;
        understood.slots[slot] = told;
        delete understood.partials[slot];
      }
      return `takes the ${d.book.playbook.slots[slot]?.name ?? slot} as known`;
    }
    default:
      return whisper satisfies never;
  }
}

const OFFERED = { human: "a colleague", "call-back": "a call back", message: "a message" } as const;
