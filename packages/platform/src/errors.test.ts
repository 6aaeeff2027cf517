import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRORS, type ErrorCode, SidetoneError } from "./errors.ts";

test("every code has a sentence, a remedy and a status", () => {
  for (const [code, spec] of Object.entries(ERRORS)) {
    assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
    assert.match(spec.message, /^[A-Z].*\.$/, code);
    assert.match(spec.remedy, /\.$/, code);
    assert.ok(spec.httpStatus >= 400 && spec.httpStatus < 600, code);
  }
});

// Codes are what runbooks, alerts and API clients rely on: one may be added, none may vanish.
test("codes that outsiders rely on stay", () => {
  const pinned: ErrorCode[] = [
    "CONFIG_INVALID",
    "SIGNATURE_INVALID",
    "TOKEN_INVALID",
    "TOKEN_EXPIRED",
    "START_TIMEOUT",
    "MESSAGE_MALFORMED",
    "MESSAGE_TOO_LARGE",
    "MESSAGE_BINARY",
    "MESSAGE_OUT_OF_ORDER",
    "NO_CAPACITY",
    "POD_UNREACHABLE",
    "PLAYBOOK_INVALID",
    "TAPE_INVALID",
    "FORBIDDEN",
  ];
  for (const code of pinned) assert.ok(code in ERRORS, code);
});

test("what an API answers has no stack and no cause", () => {
  const error = new SidetoneError("TOKEN_INVALID", "Stream MZ1.", { cause: new Error("inner") });
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    code: "TOKEN_INVALID",
    message: "The stream's token is unknown or was used before. Stream MZ1.",
    remedy: "Every call needs a TwiML answer of its own.",
    retryable: false,
  });
});
