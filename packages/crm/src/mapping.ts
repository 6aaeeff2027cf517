import jsonata from "jsonata";
import { z } from "zod";
import { CrmError } from "./errors.ts";
import { CRM_OPERATION_NAMES, type CrmOperation } from "./port.ts";

/** A JSONata expression (jsonata.org): how an admin turns one shape into another. Compiled when the config is read. */
export const Expression = z
  .string()
  .min(1)
  .transform((source, context) => {
    try {
      return jsonata(source);
    } catch (error) {
      context.addIssue({ code: "custom", message: `is no JSONata expression: ${messageOf(error)}` });
      return z.NEVER;
    }
  });
export type Expression = z.infer<typeof Expression>;

/** Operations of a mapped connector by name; a name that the port does not have is an error. */
export const operationsOf = <S extends z.ZodType>(schema: S) =>
  z.partialRecord(z.enum(CRM_OPERATION_NAMES as [CrmOperation, ...CrmOperation[]]), schema);

/** @throws CrmError CONNECTOR_ANSWER_INVALID when the expression fails on what the service answered. */
export async function evaluate(expression: Expression, input: unknown, what: string): Promise<unknown> {
  try {
    const value: unknown = await expression.evaluate(input);
    // JSONata marks its sequences with hidden properties; plain data leaves them behind.
    return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
  } catch (error) {
    throw new CrmError("CONNECTOR_ANSWER_INVALID", `the mapping of ${what} failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** JSONata answers one element of a list as itself and none as nothing. */
export const asList = (value: unknown): unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error);
}
