import { createInterface } from "node:readline/promises";
import { cannedOutput } from "./conversation/canned.ts";
import { Floor } from "./conversation/floor.ts";
import { runConversation } from "./conversation/script.ts";
import { DialogueError } from "./errors.ts";
import type { Playbook } from "./playbook/schema.ts";
import { loadPlaybook, SHIPPED_PLAYBOOKS, shippedPlaybookPath } from "./playbook-file.ts";
import { localMoment } from "./understanding/moments.ts";

const USAGE = `npm run playbook -- check FILE   validate a playbook; every defect with its line and cure
npm run playbook -- try FILE     talk to it in text; findings are made up
npm run playbook -- test FILE    run its expected conversations
FILE is a path, or the id of a playbook that ships: ${SHIPPED_PLAYBOOKS.join(", ")}
`;

const out = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const [command, file] = process.argv.slice(2);
try {
  process.exitCode = await run(command, file);
} catch (error) {
  if (!(error instanceof DialogueError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\nRemedy: ${error.remedy}.\n`);
  process.exitCode = 1;
}

async function run(command: string | undefined, file: string | undefined): Promise<number> {
  if (file === undefined || !["check", "try", "test"].includes(command ?? "")) {
    process.stderr.write(USAGE);
    return 2;
  }
  const shipped = SHIPPED_PLAYBOOKS.find((id) => id === file);
  const { document } = loadPlaybook(shipped === undefined ? file : shippedPlaybookPath(shipped));
  if (command === "check") {
    out(
      `${document.id} version ${document.version} is valid: ${Object.keys(document.wants).length} wants, ${Object.keys(document.slots).length} slots, ${document.tests.length} expected conversations.`,
    );
    return 0;
  }
  if (command === "test") return test(document);
  await talk(document);
  return 0;
}

function test(playbook: Playbook): number {
  let failed = 0;
  for (const conversation of playbook.tests) {
    const { failures, floor } = runConversation(playbook, conversation);
    out(`${failures.length === 0 ? "ok  " : "FAIL"} ${conversation.name}`);
    if (failures.length === 0) continue;
    failed++;
    for (const failure of failures) out(`     ${failure}`);
    for (const line of heardLines(floor, 0)) out(`     | ${line}`);
  }
  out(`${playbook.tests.length - failed} of ${playbook.tests.length} conversations went as expected.`);
  return failed === 0 ? 0 : 1;
}

/** A talk on the terminal. "#123" types on the keypad, an empty line lets ten seconds pass. */
async function talk(playbook: Playbook): Promise<void> {
  const startedAt = new Date().toISOString();
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const today = localMoment(startedAt, 0, timeZone).date;
  const floor = new Floor({
    playbook,
    startedAt,
    timeZone,
    answer: (task) => ({ outcome: "found", output: cannedOutput(task.kind, task.input, today), afterMs: 1200 }),
  });
  const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: process.stdin.isTTY });
  let shown = 0;
  const show = (): void => {
    for (const line of heardLines(floor, shown)) out(line);
    shown = floor.log.length;
  };
  floor.settle();
  show();
  terminal.setPrompt("you    > ");
  terminal.prompt();
  for await (const line of terminal) {
    const text = line.trim();
    if (text === "") floor.wait(10_000);
    else if (/^#[0-9*#]+$/.test(text)) floor.keys(text.slice(1));
    else floor.caller(text);
    floor.settle();
    show();
    if (floor.ended !== null) break;
    terminal.prompt();
  }
  terminal.close();
}

/** The log from `from` on, as lines: what was said, and what was done meanwhile. */
function heardLines(floor: Floor, from: number): string[] {
  return floor.log.slice(from).flatMap((entry): string[] => {
    const at = `${(entry.atMs / 1000).toFixed(1).padStart(6)}s `;
    if (entry.what === "agent") return [`${at}agent  > ${entry.text}${entry.cut ? " [cut off]" : ""}`];
    if (entry.what === "caller") return [`${at}caller > ${entry.text}`];
    const { effect } = entry;
    if (effect.type === "delegate") return [`${at}         [looks up: ${effect.kind} ${JSON.stringify(effect.input)}]`];
    if (effect.type === "supersede") return [`${at}         [the lookup before is void]`];
    if (effect.type === "transfer") return [`${at}         [transfers to ${effect.target}: ${effect.summary}]`];
    if (effect.type === "hang-up") return [`${at}         [hangs up]`];
    if (effect.type === "recording") return [`${at}         [recording ${effect.on ? "on" : "off"}: ${effect.reason}]`];
    return [];
  });
}
