import { ERRORS } from "@sidetone/platform";

const REFUSALS = /^sidetone_bridge_refusals_total\{code="([A-Z_]+)"\} (\d+)/gm;
/** What the carrier's side of the bridge went through for so long counts as lately. */
const LATELY_MS = 15 * 60_000;

/** Why the bridge refused the carrier lately: its counters only grow, so they are compared with what they were. */
export class CarrierErrors {
  #seen: { atMs: number; counts: ReadonlyMap<string, number> }[] = [];

  /** Takes the bridge's metrics as text; returns how often each code was met in the last quarter of an hour. */
  take(metrics: string, nowMs: number): Map<string, number> {
    const counts = new Map([...metrics.matchAll(REFUSALS)].map(([, code, count]) => [code as string, Number(count)]));
    const before = this.#seen.at(-1)?.counts;
    // A bridge that counts from nothing again has been started anew.
    const isNew = [...(before ?? [])].some(([code, count]) => (counts.get(code) ?? 0) < count);
    if (isNew) this.#seen = [{ atMs: nowMs, counts: new Map() }];
    this.#seen.push({ atMs: nowMs, counts });
    while (this.#seen.length > 1 && (this.#seen[1]?.atMs ?? nowMs) <= nowMs - LATELY_MS) this.#seen.shift();
    const base = this.#seen[0]?.counts ?? counts;
    const lately = [...counts].map(([code, count]) => [code, count - (base.get(code) ?? 0)] as const);
    return new Map(lately.filter(([, count]) => count > 0));
  }
}

/** What was met, in words, and what to do about the commonest. */
export function describeErrors(lately: ReadonlyMap<string, number>): { detail: string; remedy: string } {
  const sorted = [...lately].sort(([, a], [, b]) => b - a);
  const specOf = (code: string) => ERRORS[code as keyof typeof ERRORS];
  const detail = sorted
    .map(
      ([code, count]) => `${count === 1 ? "once" : `${count} times`} ${code} (${specOf(code)?.message ?? "unknown"})`,
    )
    .join("; ");
  return {
    detail: `In the last quarter of an hour: ${detail}`,
    remedy: specOf(sorted[0]?.[0] ?? "")?.remedy ?? "The bridge's log has the cause.",
  };
}
