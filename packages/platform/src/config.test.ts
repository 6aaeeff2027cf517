import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { ConfigError, fields, readConfig } from "./config.ts";

const Schema = z.object({
  PORT: fields.port(8080),
  LEAD_MS: fields.ms(20, 500, 120),
  PUBLIC_URL: fields.url(),
  TWILIO_AUTH_TOKEN: z.string().min(8).describe("The account's auth token."),
  DEBUG_FLAG: fields.flag(false),
});

test("defaults apply, empty counts as unset, strings become their types", () => {
  const config = readConfig(Schema, { PORT: "", LEAD_MS: "80", TWILIO_AUTH_TOKEN: "12345678", DEBUG_FLAG: "true" });
  assert.equal(config.PORT, 8080);
  assert.equal(config.LEAD_MS, 80);
  assert.equal(config.DEBUG_FLAG, true);
  assert.equal(config.PUBLIC_URL, undefined);
});

test("every wrong variable is named at once, with its fault and its remedy, and no secret", () => {
  assert.throws(
    () =>
      readConfig(Schema, { PORT: "70000", LEAD_MS: "soon", PUBLIC_URL: "example.com", TWILIO_AUTH_TOKEN: "s3cret" }),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.faults.map((f) => f.variable),
        ["PORT", "LEAD_MS", "PUBLIC_URL", "TWILIO_AUTH_TOKEN"],
      );
      assert.match(error.message, /PORT: is "70000"/);
      assert.match(error.message, /TCP port/);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    },
  );
});
