import assert from "node:assert/strict";
import { test } from "node:test";
import { SidetoneError } from "@sidetone/platform";
import { type StreamClaims, StreamTokens } from "./stream-token.ts";

const CLAIMS: StreamClaims = {
  callId: "c".repeat(32),
  from: "+441632960001",
  to: "+441632960000",
  playbook: "retail-order-support@12",
  route: "q1w2e3r4",
  direction: "inbound",
  browser: false,
};

function tokens(secret = "secret-of-the-account") {
  const clock = { nowMs: 1_000 };
  return { clock, tokens: new StreamTokens(secret, { ttlMs: 30_000, wallMs: () => clock.nowMs }) };
}
const refusedWith = (code: string) => (error: unknown) => error instanceof SidetoneError && error.code === code;

test("a token vouches for its claims once, for its own call, and fits a <Parameter>", () => {
  const { tokens: one } = tokens();
  const token = one.issue(CLAIMS, "CA1");
  assert.ok(token.length <= 256, `${token.length} characters`);
  assert.throws(() => one.redeem(token, "CA2"), refusedWith("TOKEN_INVALID"));
  assert.deepEqual(one.redeem(token, "CA1"), CLAIMS);
  assert.throws(() => one.redeem(token, "CA1"), refusedWith("TOKEN_INVALID"));
});

test("a browser's token is bound to no carrier call, and still single-use", () => {
  const { tokens: one } = tokens();
  const token = one.issue({ ...CLAIMS, browser: true }, "");
  assert.equal(one.redeem(token, "whatever").browser, true);
  assert.throws(() => one.redeem(token, "whatever"), refusedWith("TOKEN_INVALID"));
});

test("a carrier's token cannot be turned into a browser's", () => {
  const { tokens: one } = tokens();
  const [text = "", signature = ""] = one.issue(CLAIMS, "CA1").split(".");
  const body = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as unknown[];
  body[6] = true;
  const forged = `${Buffer.from(JSON.stringify(body)).toString("base64url")}.${signature}`;
  assert.throws(() => one.redeem(forged, "CA1"), refusedWith("TOKEN_INVALID"));
});

test("an old token has expired, and another account's never was valid", () => {
  const { tokens: one, clock } = tokens();
  const token = one.issue(CLAIMS, "CA1");
  assert.throws(() => tokens("another-account-altogether").tokens.redeem(token, "CA1"), refusedWith("TOKEN_INVALID"));
  clock.nowMs += 30_001;
  assert.throws(() => one.redeem(token, "CA1"), refusedWith("TOKEN_EXPIRED"));
});

for (const token of ["", ".", "a.b.c", "bm90IGpzb24.AAAA", `${Buffer.from("[1]").toString("base64url")}.AAAA`]) {
  test(`"${token}" is no token`, () => {
    assert.throws(() => tokens().tokens.redeem(token, "CA1"), refusedWith("TOKEN_INVALID"));
  });
}
