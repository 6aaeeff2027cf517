import type { Task, Thread } from "../state.ts";
import { fieldsOf, fill, lookUp } from "../talking/template.ts";
import { distance } from "../understanding/letters.ts";
import { fold } from "../understanding/tokens.ts";
import { type Draft, inputKeyOf, scopeOf } from "./draft.ts";

export type Verification =
  | { kind: "passed" }
  | { kind: "failed" }
  | { kind: "ask"; slot: string }
  | { kind: "wait"; task: Task }
  | { kind: "start" };

/**
 * Whether a thread waits for the check of the caller's identity: where its want says so, and after a supervisor asked
 * for it where the want's own slots are enough to check by.
 */
export function mustVerify(d: Draft, thread: Thread): boolean {
  const { policy, wants } = d.book.playbook;
  if (wants[thread.want]?.verify === true) return true;
  if (!d.s.verifyFirst || policy.verification === undefined) return false;
  const told = d.book.slotsOfWant[thread.want] ?? [];
  const asked = Object.values(policy.verification.task.input).flatMap((template) => fieldsOf(template));
  return (
    asked.some((field) => told.includes(field.path)) &&
    asked.every((field) => told.includes(field.path) || field.path.includes("."))
  );
}

/** The lookup that tells who the caller should be; null while its input is not known. */
export function verifyInput(d: Draft): Record<string, unknown> | null {
  const policy = d.book.playbook.policy.verification;
  if (policy === undefined) return null;
  const scope = scopeOf(d);
  const input: Record<string, unknown> = {};
  for (const [name, template] of Object.entries(policy.task.input)) {
    const value = fill(template, scope);
    if (value === null) return null;
    input[name] = value;
  }
  return input;
}

/** Where the check of the caller's identity stands, as the playbook's policy has it. */
export function verificationOf(d: Draft): Verification {
  const policy = d.book.playbook.policy.verification;
  if (policy === undefined) return { kind: "passed" };
  const input = verifyInput(d);
  if (input === null) return { kind: "ask", slot: policy.slot };
  const task = d.s.tasks.findLast((one) => one.purpose === "verify" && one.status !== "cancelled");
  if (task === undefined || task.inputKey !== inputKeyOf(input)) return { kind: "start" };
  if (task.status === "running") return { kind: "wait", task };
  // Nobody to compare with: the main lookup will say what is wrong, and reads out nothing that is not the caller's.
  if (task.status === "not-found") return { kind: "passed" };
  if (task.status !== "found") return { kind: "failed" };
  if (policy.callerPhone !== undefined && samePhone(lookUp([task.output], policy.callerPhone)?.value, d.s.call.from))
    return { kind: "passed" };
  if (d.s.verification === "failed") return { kind: "failed" };
  const said = d.s.understood.slots[policy.slot];
  if (said === undefined) return { kind: "ask", slot: policy.slot };
  return agrees(said.value, lookUp([task.output], policy.against)?.value)
    ? { kind: "passed" }
    : { kind: "ask", slot: policy.slot };
}

/** Whether what the caller told agrees with the record, allowing for one misheard letter in each long word. */
export function agrees(said: string, record: unknown): boolean {
  if (typeof record !== "string") return false;
  const words = fold(said);
  const known = fold(record);
  if (words.join("") === known.join("")) return true;
  return (
    words.length > 0 &&
    words.every((word) => known.some((other) => distance(word, other) <= (other.length >= 5 ? 1 : 0))) &&
    words.some((word) => word.length >= 3)
  );
}

function samePhone(a: unknown, b: string): boolean {
  const digits = (text: string): string => text.replace(/\D/g, "").slice(-9);
  return typeof a === "string" && digits(a).length === 9 && digits(a) === digits(b);
}
