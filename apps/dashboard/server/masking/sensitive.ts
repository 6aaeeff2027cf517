import type { ExpectationKind } from "@sidetone/protocol";

const SENSITIVE: ReadonlySet<string> = new Set<ExpectationKind>([
  "name",
  "address",
  "phone",
  "email",
  "digits",
  "alphanumeric",
]);

/** While one of these is expected, whatever the caller says may be it: nothing of such a turn is shown to viewers. */
export const isSensitiveExpectation = (kind: string | undefined): boolean => kind !== undefined && SENSITIVE.has(kind);
