import type { Clock } from "@sidetone/platform";

const ASK_EVERY_MS = 100;

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    // Refused or reset: it is not up yet, which is what was asked.
    return false;
  }
}

/** Waits until every address answers 2xx, `withinMs` at most; returns those that do not. */
export async function allAnswer(urls: readonly string[], withinMs: number, clock: Clock): Promise<string[]> {
  const untilMs = clock.nowMs() + withinMs;
  let missing = [...urls];
  while (missing.length > 0 && clock.nowMs() < untilMs) {
    const asked = await Promise.all(missing.map(answers));
    missing = missing.filter((_, index) => !asked[index]);
    if (missing.length > 0) await new Promise<void>((resolve) => clock.after(ASK_EVERY_MS, resolve));
  }
  return missing;
}
