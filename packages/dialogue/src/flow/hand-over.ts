import { sayDigits } from "../talking/speakable.ts";
import { type Draft, isOpen, progressOf, remark, speak } from "./draft.ts";
import { isWithinHours } from "./needs.ts";
import { wantOf } from "./situation.ts";

/** Says that a person takes over, and transfers once that was heard. Outside opening hours a call back is offered. */
export function handOver(d: Draft, reason: string): void {
  if (d.s.handOver !== null || d.s.phase === "ended") return;
  const { handOver: policy } = d.book.playbook;
  for (const thread of d.s.understood.threads) {
    if (d.book.playbook.wants[thread.want]?.handOver === true && isOpen(d, thread.key)) {
      d.s.progress[thread.key] = { ...progressOf(d, thread.key), status: "answered" };
    }
  }
  d.s.misses = 0;
  if (policy.outOfHours !== undefined && !isWithinHours(d)) {
    remark(d, { name: "out-of-hours", text: speak(d, policy.outOfHours, "out-of-hours") ?? "", resume: false });
    offer(d, "call-back");
    return;
  }
  d.s.handOver = { target: policy.target, reason, key: `hand-over:${d.s.counters.remark}` };
  remark(d, {
    name: "hand-over",
    text: speak(d, policy.say, "hand-over") ?? "",
    afterwards: "transfer",
    resume: false,
  });
}

export function transferNow(d: Draft): void {
  const { handOver: going } = d.s;
  if (going === null) return;
  d.s.phase = "transferring";
  d.effects.push({ type: "transfer", target: going.target, reason: going.reason, summary: summaryOf(d) });
}

/** Nobody took the call: the talk goes on, with the offer of a call back. */
export function transferRefused(d: Draft): void {
  d.s.phase = "talking";
  d.s.handOver = null;
  remark(d, {
    name: "unavailable",
    text: speak(d, d.book.playbook.handOver.unavailable, "unavailable") ?? "",
    resume: false,
  });
  offer(d, "call-back");
}

/** Puts an offer on the table; it stays until it is answered. */
export function offer(d: Draft, what: "human" | "call-back" | "message" | "either", about = ""): void {
  d.s.asking = {
    key: `offer:${what}:${d.s.counters.remark}:${about}`,
    question: { kind: "offer", what },
    heardAtMs: null,
    begun: false,
    round: 0,
    form: "plain",
  };
}

/** The context for whoever takes the call: nobody should have to ask again. */
export function summaryOf(d: Draft): string {
  const { s } = d;
  const wants = s.understood.threads.map((thread) => {
    const { status } = progressOf(d, thread.key);
    return `${wantOf(d, thread)?.title ?? thread.want} (${status})`;
  });
  const slots = Object.entries(s.understood.slots).map(([name, slot]) => {
    const spec = d.book.playbook.slots[name];
    return `${spec?.name ?? name}: ${slot.value}${slot.confirmed ? "" : ", not confirmed"}`;
  });
  const partials = Object.entries(s.understood.partials).map(
    ([name, part]) => `${d.book.playbook.slots[name]?.name ?? name}: only ${sayDigits(part)} heard`,
  );
  const tasks = s.tasks.filter((task) => task.status !== "cancelled").map((task) => `${task.kind}: ${task.status}`);
  const last = s.transcript.findLast((entry) => entry.who === "caller")?.text;
  return [
    wants.length > 0 ? `Wants ${wants.join(", ")}.` : "",
    slots.length + partials.length > 0 ? `Told: ${[...slots, ...partials].join("; ")}.` : "",
    tasks.length > 0 ? `Done: ${tasks.join("; ")}.` : "",
    last === undefined ? "" : `Last said: "${last}".`,
    ...s.hints.map((hint) => `Supervisor: ${hint}.`),
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}
