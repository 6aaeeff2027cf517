import { type DialogueEvent, openDialogue, type ParsedPlaybook, reduce, runConversation } from "@sidetone/dialogue";

export interface Check {
  name: string;
  passed: boolean;
  detail: string;
}

const EXAMPLES_PER_WANT = 3;
/** Stand-ins for what examples leave open. */
const FILLERS: Record<string, string> = { item: "the lamp", when: "last week", name: "Ann Lee", number: "47291" };

/**
 * Runs a playbook through the dialogue without audio: the opening must say that it is automated before it
 * asks anything, every want must be recognised from the first examples that its author gave, and the conversations that
 * the playbook itself expects must go as expected.
 */
export function dryRun(playbook: ParsedPlaybook): Check[] {
  if (playbook.model === "line-test") {
    return [{ name: "Line test", passed: true, detail: "It has no dialogue to test." }];
  }
  const checks: Check[] = [];
  const opening = talk(playbook, []);
  const disclosure = playbook.document.opening.disclosure;
  const disclosed = typeof disclosure === "string" ? disclosure : disclosure[0];
  const said = opening.said.join(" ");
  checks.push({
    name: "Opening",
    passed: disclosed !== undefined && said.includes(stem(disclosed)),
    detail: said || "It says nothing.",
  });
  for (const [want, definition] of Object.entries(playbook.document.wants)) {
    const examples = definition.examples.slice(0, EXAMPLES_PER_WANT);
    const missed = examples
      .map((example) => example.replaceAll(/\{(\w+)\}/g, (_, name: string) => FILLERS[name] ?? "it"))
      .filter((line) => !talk(playbook, ["yes that's fine", line]).wants.includes(want));
    checks.push({
      name: `Want: ${want}`,
      passed: missed.length === 0,
      detail:
        missed.length === 0
          ? `Recognised from ${examples.length} examples.`
          : `Not recognised from: ${missed.map((line) => `“${line}”`).join(", ")}`,
    });
  }
  for (const conversation of playbook.document.tests) {
    const { failures } = runConversation(playbook.document, conversation);
    checks.push({
      name: `Conversation: ${conversation.name}`,
      passed: failures.length === 0,
      detail: failures.length === 0 ? "It goes as expected." : failures.join(" "),
    });
  }
  return checks;
}

/** The part of a template that is said as it stands. */
const stem = (template: string): string => (template.split(/[{[]/)[0] ?? "").trim();

/** One conversation on a made-up clock: the agent is always heard out, the caller says the lines in turn. */
function talk(playbook: ParsedPlaybook, lines: readonly string[]): { said: string[]; wants: string[] } {
  let state = openDialogue({
    callId: "dry-run",
    playbook: playbook.document,
    startedAt: "2026-01-05T10:00:00.000Z",
    timeZone: "UTC",
    from: "+15550100",
    seed: 1,
  });
  let atMs = 0;
  const said: string[] = [];
  const wants: string[] = [];
  const send = (event: DialogueEvent): void => {
    const next = reduce(state, event);
    state = next.state;
    for (const effect of next.effects) {
      if (effect.type === "want-recognised") wants.push(effect.want);
      if (effect.type !== "say") continue;
      said.push(effect.text);
      atMs += 500;
      send({ type: "agent-began", utteranceId: effect.utteranceId, atMs });
      atMs += 2_000;
      send({ type: "agent-finished", utteranceId: effect.utteranceId, atMs });
    }
  };
  send({ type: "opened", atMs });
  for (const [turn, line] of lines.entries()) {
    atMs += 600;
    const words = line.split(/\s+/).map((text, index) => ({
      text,
      startMs: atMs + index * 300,
      endMs: atMs + index * 300 + 280,
      confidence: 1,
    }));
    atMs += words.length * 300;
    send({ type: "heard", turn, revision: 1, final: true, words, atMs });
    atMs += 400;
    send({ type: "turn-ended", turn, atMs });
    send({ type: "elapsed", atMs });
  }
  return { said, wants };
}
