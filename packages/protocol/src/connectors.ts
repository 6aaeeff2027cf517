import { z } from "zod";

/** A connector as a worker has it. */
export const ConnectorState = z.object({
  name: z.string(),
  kind: z.string(),
  circuit: z.enum(["closed", "open", "half-open"]).nullable(),
  /** Operations that it does. */
  operations: z.array(z.string()),
  /** Why it is not in use. */
  fault: z.string().nullable(),
});
export const ConnectorStates = z.object({ at: z.iso.datetime(), connectors: z.array(ConnectorState) });
export type ConnectorStates = z.infer<typeof ConnectorStates>;

/** Asks a worker to try a connector's address and credentials. */
export const ConnectorCheck = z.object({
  id: z.string(),
  /** Nobody waits for the answer any more after this: milliseconds since the epoch. */
  untilMs: z.number(),
  name: z.string(),
  /** YAML of the connector; absent: the one of this name that the worker has. */
  config: z.string().optional(),
  /** Secret's name to sealed text. */
  secrets: z.record(z.string(), z.string()).default({}),
});
export type ConnectorCheck = z.infer<typeof ConnectorCheck>;

export const ConnectorChecked = z.object({
  ok: z.boolean(),
  /** What the service said, or what is wrong. */
  detail: z.string(),
  code: z.string().nullable(),
  operations: z.array(z.string()),
  tookMs: z.number(),
});
export type ConnectorChecked = z.infer<typeof ConnectorChecked>;
