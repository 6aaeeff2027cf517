import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { APPOINTMENTS } from "./conversation/expected/appointments.ts";
import { CLOSINGS } from "./conversation/expected/closings.ts";
import { INITIATIVE } from "./conversation/expected/initiative.ts";
import { MISHEARD } from "./conversation/expected/misheard.ts";
import { NUMBERS } from "./conversation/expected/numbers.ts";
import { OPENINGS } from "./conversation/expected/openings.ts";
import { OVERLAPS } from "./conversation/expected/overlaps.ts";
import { REPAIRS } from "./conversation/expected/repairs.ts";
import { WAITING } from "./conversation/expected/waiting.ts";
import { WANTS } from "./conversation/expected/wants.ts";
import { WHISPERS } from "./conversation/expected/whispers.ts";
import { runConversation } from "./conversation/script.ts";
import { conversationOf } from "./conversation/table.ts";
import { loadPlaybook, SHIPPED_PLAYBOOKS, shippedPlaybookPath } from "./playbook-file.ts";

const retail = loadPlaybook(shippedPlaybookPath("retail-order-support")).document;
const clinic = loadPlaybook(shippedPlaybookPath("appointment-booking")).document;

for (const id of SHIPPED_PLAYBOOKS) {
  describe(`the conversations that ${id} itself expects`, () => {
    const { document } = loadPlaybook(shippedPlaybookPath(id));
    for (const conversation of document.tests) {
      test(conversation.name, () => assert.deepEqual(runConversation(document, conversation).failures, []));
    }
  });
}

const TABLES = [
  ["openings", retail, OPENINGS],
  ["wants", retail, WANTS],
  ["numbers", retail, NUMBERS],
  ["repairs", retail, REPAIRS],
  ["misheard", retail, MISHEARD],
  ["overlaps", retail, OVERLAPS],
  ["waiting", retail, WAITING],
  ["initiative", retail, INITIATIVE],
  ["closings", retail, CLOSINGS],
  ["whispers", retail, WHISPERS],
  ["appointments", clinic, APPOINTMENTS],
] as const;

test("there are a hundred expected conversations and more", (t) => {
  const own = SHIPPED_PLAYBOOKS.flatMap((id) => loadPlaybook(shippedPlaybookPath(id)).document.tests);
  const count = own.length + TABLES.reduce((sum, [, , expected]) => sum + expected.length, 0);
  t.diagnostic(`${count} expected conversations`);
  assert.ok(count >= 100);
});

for (const [title, playbook, expected] of TABLES) {
  describe(title, () => {
    for (const [name, rows, more] of expected) {
      test(name, () => {
        const { failures } = runConversation(playbook, conversationOf(name, rows, more));
        assert.deepEqual(failures, []);
      });
    }
  });
}
