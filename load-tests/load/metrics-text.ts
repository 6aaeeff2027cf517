/** Reads the few things that a load run needs out of Prometheus text. */

export async function readMetrics(url: string): Promise<string> {
  return (await fetch(url)).text();
}

/** The sum of a counter or gauge over all its labels. */
export function sumOf(text: string, name: string): number {
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([-+\\d.eE]+)$`, "gm"));
  return Array.from(lines, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0);
}

/** Counts of a histogram by upper bound, added up over all other labels. */
export function bucketsOf(text: string, name: string): Map<number, number> {
  const buckets = new Map<number, number>();
  const lines = text.matchAll(new RegExp(`^${name}_bucket\\{(?=[^}]*le="([^"]+)")[^}]*\\} (\\d+)$`, "gm"));
  for (const [, bound, count] of lines) {
    const upper = bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
    buckets.set(upper, (buckets.get(upper) ?? 0) + Number(count));
  }
  return new Map([...buckets].sort(([a], [b]) => a - b));
}

/** Upper bound of the bucket in which a quantile of what was counted in between lies; undefined when nothing was. */
export function quantileBound(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
  p: number,
): number | undefined {
  const counts = Array.from(after, ([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const);
  const total = counts.at(-1)?.[1] ?? 0;
  return total === 0 ? undefined : counts.find(([, count]) => count >= total * p)?.[0];
}
