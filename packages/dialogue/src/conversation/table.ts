import { type Conversation, PlaybookSchema, type TestTurn } from "../playbook/schema.ts";

/**
 * A conversation as a table of short rows: `> ` the caller says, `>>3 ` interrupts after three words, `# ` types,
 * `w ` a supervisor whispers, `< ` the agent must say, `! ` must not have said since, `>s3 ` side talk after three words, `. ` milliseconds pass, `+ ` delegates kind and input,
 * `~ ` finds kind, outcome, output and `@` delay, `x ` the call ends.
 */
export function conversationOf(name: string, rows: readonly string[], more: Partial<Conversation> = {}): Conversation {
  return {
    name,
    from: "+447700900123",
    startedAt: "2026-03-02T10:00:00Z",
    skipOpening: true,
    findings: {},
    turns: rows.map(turnOf),
    ...more,
  };
}

function turnOf(row: string): TestTurn {
  const rest = row.slice(row.indexOf(" ") + 1);
  if (row.startsWith(">>"))
    return { caller: rest, interrupts: true, afterWords: Number(/^>>(\d+)/.exec(row)?.[1] ?? 2) };
  if (row.startsWith(">s")) return { caller: rest, aside: true, afterWords: Number(/^>s(\d+)/.exec(row)?.[1] ?? 2) };
  switch (row[0]) {
    case ">": {
      const confidence = /^>([\d.]+)/.exec(row)?.[1];
      return { caller: rest, ...(confidence === undefined ? {} : { confidence: Number(confidence) }) };
    }
    case "#":
      return { keys: rest };
    case "w":
      return { whisper: rest };
    case "<":
      return { agent: rest };
    case "!":
      return { never: rest };
    case ".":
      return { waits: Number(rest) };
    case "x":
      return { ends: rest as "hang-up" | "transfer" };
    case "+": {
      const [, kind, input] = /^(\S+)\s*(\{.*\})?$/.exec(rest) ?? [];
      return TURN.parse({ delegates: { kind, ...(input === undefined ? {} : { input: JSON.parse(input) }) } });
    }
    case "~": {
      const [, kind, outcome, output, after] = /^(\S+)\s*([a-z-]+)?\s*(\{.*\})?\s*(?:@(\d+))?$/.exec(rest) ?? [];
      return TURN.parse({
        finds: {
          kind,
          outcome: outcome ?? "found",
          ...(output === undefined ? {} : { output: JSON.parse(output) }),
          afterMs: Number(after ?? 300),
        },
      });
    }
    default:
      throw new TypeError(`unknown row "${row}"`);
  }
}

const TURN = PlaybookSchema.shape.tests.unwrap().element.shape.turns.element;
