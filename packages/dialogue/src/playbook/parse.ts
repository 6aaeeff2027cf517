import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { DialogueError, type DialogueErrorCode, type PlaybookDefect } from "../errors.ts";
import { checkPlaybook } from "./check.ts";
import { type Playbook, PlaybookSchema } from "./schema.ts";

export interface ParsedPlaybook {
  id: string;
  version: number;
  model: "interaction" | "line-test";
  document: Playbook;
}

/**
 * Reads a playbook from YAML text and checks it whole: syntax, schema, references, templates, rules. Throws
 * `DialogueError` with every defect found, each with its line and cure.
 */
export function parsePlaybook(text: string): ParsedPlaybook {
  const counter = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  if (yaml.errors.length > 0) {
    throw failure(
      "PLAYBOOK_YAML_INVALID",
      yaml.errors.map((error) => {
        const { line, col } = counter.linePos(error.pos[0]);
        return {
          code: "PLAYBOOK_YAML_INVALID",
          line,
          column: col,
          path: "",
          problem: error.message,
          cure: "Mend the indentation, quotes or colons of this line",
        };
      }),
    );
  }
  const parsed = PlaybookSchema.safeParse(yaml.toJS());
  if (!parsed.success) {
    throw failure(
      "PLAYBOOK_SCHEMA_INVALID",
      parsed.error.issues.flatMap((issue) => defectsOf(issue, yaml, counter)),
    );
  }
  const defects = checkPlaybook(parsed.data).map(
    (found): PlaybookDefect => ({ ...position(yaml, counter, found.path), ...found, path: found.path.join(".") }),
  );
  const first = defects[0];
  if (first !== undefined) throw failure(first.code, defects);
  return { id: parsed.data.id, version: parsed.data.version, model: parsed.data.model, document: parsed.data };
}

/** Checks a document that is already an object (from a database, a tape, an API). Lines are those of its JSON. */
export function validatePlaybook(document: unknown): ParsedPlaybook {
  const parsed = PlaybookSchema.safeParse(document);
  if (parsed.success && checkPlaybook(parsed.data).length === 0) {
    return { id: parsed.data.id, version: parsed.data.version, model: parsed.data.model, document: parsed.data };
  }
  return parsePlaybook(JSON.stringify(document, null, 1));
}

function failure(code: DialogueErrorCode, defects: PlaybookDefect[]): DialogueError {
  const shown = defects.map(
    ({ line, path, problem, cure }) => `line ${line}${path === "" ? "" : `, ${path}`}: ${problem}. ${cure}.`,
  );
  return new DialogueError(code, shown.join("\n"), defects);
}

function defectsOf(issue: z.core.$ZodIssue, yaml: Document, counter: LineCounter): PlaybookDefect[] {
  const path = issue.path.filter((key): key is string | number => typeof key !== "symbol");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      code: "PLAYBOOK_SCHEMA_INVALID",
      ...position(yaml, counter, [...path, key], true),
      path: [...path, key].join("."),
      problem: `"${key}" is not a field here`,
      cure: "Remove it, or mend its spelling or indentation",
    }));
  }
  const missing = issue.code === "invalid_type" && yaml.getIn(path) === undefined;
  return [
    {
      code: "PLAYBOOK_SCHEMA_INVALID",
      ...position(yaml, counter, path),
      path: path.join("."),
      problem: missing ? `"${String(path.at(-1))}" is missing` : issue.message,
      cure: missing ? `Add "${String(path.at(-1))}"` : cureOf(issue),
    },
  ];
}

function cureOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value":
      return `Use one of ${issue.values.map((value) => `"${String(value)}"`).join(", ")}`;
    case "invalid_type":
      return `Write ${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
    case "too_small":
      return `Give at least ${issue.minimum}`;
    case "too_big":
      return `Give at most ${issue.maximum}`;
    case "invalid_key":
      return "Use lower-case letters, digits and hyphens for the name";
    case "invalid_union":
      return "Use one of the forms that playbook.schema.json describes for this field";
    default:
      return "See playbook.schema.json for this field";
  }
}

/** Where a path is in the text; the nearest parent that exists when it does not. */
function position(
  yaml: Document,
  counter: LineCounter,
  path: readonly (string | number)[],
  ofKey = false,
): { line: number; column: number } {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? yaml.contents : yaml.getIn(path.slice(0, depth), true);
    if (!isNode(node) || node.range == null) continue;
    let offset = node.range[0];
    if (ofKey && depth === path.length) {
      // The key stands before its value; on the same line in all but the rarest style.
      offset = Math.max(0, offset - 1);
    }
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
  return { line: 1, column: 1 };
}

/** The JSON Schema of a playbook as it is written in YAML. */
export const playbookJsonSchema = (): Record<string, unknown> =>
  z.toJSONSchema(PlaybookSchema, { io: "input", target: "draft-2020-12" }) as Record<string, unknown>;
