import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { DialogueError } from "../errors.ts";
import { loadPlaybook, SHIPPED_PLAYBOOKS, shippedPlaybookPath } from "../playbook-file.ts";
import { parsePlaybook, playbookJsonSchema, validatePlaybook } from "./parse.ts";

const retail = readFileSync(shippedPlaybookPath("retail-order-support"), "utf8");
const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split("\n").length;

describe("shipped playbooks", () => {
  for (const id of SHIPPED_PLAYBOOKS) {
    test(`${id} is valid and says so about itself`, () => {
      const parsed = loadPlaybook(shippedPlaybookPath(id));
      assert.equal(parsed.id, id);
      assert.equal(parsed.model, id === "line-test" ? "line-test" : "interaction");
      assert.deepEqual(validatePlaybook(JSON.parse(JSON.stringify(parsed.document))).document, parsed.document);
    });
  }

  test("playbook.schema.json is what the schema says (npm run playbook:schema writes it)", () => {
    const published = JSON.parse(readFileSync(new URL("../../playbook.schema.json", import.meta.url), "utf8"));
    assert.deepEqual(published, JSON.parse(JSON.stringify(playbookJsonSchema())));
  });
});

describe("defects name their line and cure", () => {
  for (const [name, from, to, code, at, problem, cure] of [
    ["broken YAML", "id: retail-order-support", 'id: "retail', "PLAYBOOK_YAML_INVALID", null, /./, /quotes/],
    [
      "an unknown field",
      "fallback: knowledge",
      "fallbak: knowledge",
      "PLAYBOOK_SCHEMA_INVALID",
      "fallbak",
      /not a field/,
      /spelling/,
    ],
    [
      "a missing field",
      "title: Retail order support\n",
      "",
      "PLAYBOOK_SCHEMA_INVALID",
      null,
      /"title" is missing/,
      /Add "title"/,
    ],
    ["a wrong type", "version: 1", "version: one", "PLAYBOOK_SCHEMA_INVALID", "version: one", /number/, /number/],
    [
      "a wrong choice",
      "fallback: knowledge",
      "fallback: oracle",
      "PLAYBOOK_SCHEMA_INVALID",
      "fallback: oracle",
      /./,
      /"knowledge"/,
    ],
    [
      "a language that nobody hears",
      "languages: [en-GB]",
      "languages: [en-GB, de-DE]",
      "PLAYBOOK_LANGUAGE_UNHEARD",
      "languages: [en-GB, de-DE]",
      /"de-DE".*English only/,
      /en-GB or en-US/,
    ],
    [
      "e-mail to nowhere",
      "  email: email\n",
      "",
      "PLAYBOOK_RULE_BROKEN",
      "channels: [sms, email]",
      /where e-mail goes/,
      /"email:"/,
    ],
    [
      "e-mail to something else",
      "  email: email\n",
      "  email: order-number\n",
      "PLAYBOOK_RULE_BROKEN",
      "email: order-number",
      /no e-mail address/,
      /type: email/,
    ],
    [
      "messages that nobody was told of",
      "  offer: either\n",
      "  offer: either\n  afterHangUp: always\n",
      "PLAYBOOK_RULE_BROKEN",
      "afterHangUp: always",
      /the opening does not tell/,
      /"promised"/,
    ],
    [
      "wrong hours",
      "monday: 08:00-20:00",
      "monday: 8 to 8",
      "PLAYBOOK_SCHEMA_INVALID",
      "monday: 8",
      /09:00-17:30/,
      /./,
    ],
    [
      "an unknown slot",
      "slots: [order-number, new-address]",
      "slots: [order-number, new-adress]",
      "PLAYBOOK_REFERENCE_UNKNOWN",
      "slots: [order-number, new-adress]",
      /no slot "new-adress"/,
      /define it/,
    ],
    [
      "an unknown task",
      "kind: order-status",
      "kind: order-state",
      "PLAYBOOK_SCHEMA_INVALID",
      "kind: order-state",
      /./,
      /"order-status"/,
    ],
    [
      "an unknown input",
      'input: { orderNumber: "{order-number}" }',
      'input: { orderNumer: "{order-number}" }',
      "PLAYBOOK_REFERENCE_UNKNOWN",
      "orderNumer:",
      /orderNumer/,
      /orderNumber/,
    ],
    [
      "an unclosed brace",
      "is on its way. [It",
      "is {order.status on its way. [It",
      "PLAYBOOK_TEMPLATE_INVALID",
      "is {order.status on",
      /not closed/,
      /brackets/,
    ],
    [
      "an unknown filter",
      "{amountCents|money}",
      "{amountCents|cash}",
      "PLAYBOOK_TEMPLATE_INVALID",
      "{amountCents|cash}",
      /no filter "cash"/,
      /money/,
    ],
    [
      "a change without a question",
      '        goAhead: "Shall I cancel order {order-number|digits}?"\n',
      "",
      "PLAYBOOK_RULE_BROKEN",
      null,
      /nobody is asked/,
      /goAhead/,
    ],
    [
      "a disclosure that hides the machine",
      "disclosure: I'm an automated assistant.",
      "disclosure: I'm new here.",
      "PLAYBOOK_RULE_BROKEN",
      "disclosure: I'm new",
      /machine/,
      /automated/,
    ],
    [
      "a forbidden phrase in a line",
      "Good news: order",
      "We guarantee that order",
      "PLAYBOOK_RULE_BROKEN",
      "We guarantee",
      /guarantee/,
      /Reword/,
    ],
    [
      "a misnamed built-in line",
      "closing:\n",
      "lines: { filer: Hm. }\nclosing:\n",
      "PLAYBOOK_REFERENCE_UNKNOWN",
      "lines:",
      /built-in line "filer"/,
      /"filler"/,
    ],
  ] as const) {
    test(name, () => {
      assert.ok(retail.includes(from), "the sample text is still in the playbook");
      const text = retail.replace(from, to);
      assert.throws(
        () => parsePlaybook(text),
        (error) => {
          assert.ok(error instanceof DialogueError);
          assert.equal(error.code, code);
          const [first] = error.defects;
          assert.ok(first !== undefined);
          assert.match(first.problem, problem);
          assert.match(first.cure, cure);
          if (at !== null) assert.equal(first.line, lineOf(text, at));
          assert.match(error.message, new RegExp(`line ${first.line}\\b`));
          return true;
        },
      );
    });
  }

  test("all defects are told at once", () => {
    const text = retail.replace("version: 1", "version: one").replace("fallback: knowledge", "fallback: oracle");
    assert.throws(
      () => parsePlaybook(text),
      (error) => error instanceof DialogueError && error.defects.length === 2,
    );
  });

  test("a file that is not there", () => {
    assert.throws(
      () => loadPlaybook("/nonexistent.yaml"),
      (error) => error instanceof DialogueError && error.code === "PLAYBOOK_FILE_UNREADABLE",
    );
  });
});
