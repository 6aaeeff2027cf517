import { createHash, randomUUID } from "node:crypto";
import type { CrmContext } from "./port.ts";

/** A short mark that is left with what was written, by which a later attempt with the same key finds it. */
export function markOf({ idempotencyKey = randomUUID() }: CrmContext): string {
  return `Ref ST-${createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 12)}`;
}
