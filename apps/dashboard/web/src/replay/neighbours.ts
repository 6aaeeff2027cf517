const KEY = "sidetone-calls";

/** The calls in the order in which the list last showed them: what "next call" means. */
export function rememberCalls(ids: readonly string[]): void {
  sessionStorage.setItem(KEY, JSON.stringify(ids));
}

/** The calls beside this one in that list. */
export function neighboursOf(callId: string): { before: string | undefined; after: string | undefined } {
  const ids = JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as string[];
  const at = ids.indexOf(callId);
  return at < 0 ? { before: undefined, after: undefined } : { before: ids[at - 1], after: ids[at + 1] };
}
