import type { Draft } from "./draft.ts";
import { isDoubtful } from "./situation.ts";

export type Channel = "sms" | "email";

const mayWrite = (d: Draft, channel: Channel): boolean =>
  d.book.playbook.longWait.offer !== "call-back" && d.book.playbook.longWait.channels.includes(channel);

/** The caller's number is shown and is one of the telephone network. */
export const canText = (d: Draft): boolean => mayWrite(d, "sms") && /^\+\d{7,15}$/.test(d.s.call.from);

const canMail = (d: Draft): boolean => mayWrite(d, "email") && d.book.playbook.longWait.email !== undefined;

/** The address that the caller gave and has confirmed. */
export function mailAddress(d: Draft): string | null {
  const slot = d.book.playbook.longWait.email;
  const value = slot === undefined ? undefined : d.s.understood.slots[slot];
  if (slot === undefined || value === undefined || value.tentative || isDoubtful(d, slot)) return null;
  return value.value;
}

/** How the caller is written to: as they want it, by what they gave, or in the order of the playbook; null where none works. */
export function channelFor(d: Draft, wanted: Channel | null): Channel | null {
  if (wanted === null && canMail(d) && mailAddress(d) !== null) return "email";
  const { channels } = d.book.playbook.longWait;
  const order = wanted === null ? channels : [wanted, ...channels];
  return order.find((channel) => (channel === "sms" ? canText(d) : canMail(d))) ?? null;
}

/** The caller can be written to without being asked for anything. */
export const isReachable = (d: Draft): boolean => canText(d) || (canMail(d) && mailAddress(d) !== null);

/** Where a message would go now. */
export function reachedBy(d: Draft): { channel: Channel; to: string } | null {
  const address = canMail(d) ? mailAddress(d) : null;
  if (address !== null) return { channel: "email", to: address };
  return canText(d) ? { channel: "sms", to: d.s.call.from } : null;
}
