import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SidetoneError } from "@sidetone/platform";
import { Carrier, type PhoneNumber } from "@sidetone/testkit";
import { TwilioRest } from "./twilio-rest.ts";

const accountSid = `AC${"1".repeat(32)}`;
const authToken = "2".repeat(32);
const number: PhoneNumber = {
  sid: `PN${"3".repeat(32)}`,
  phone_number: "+15550100",
  friendly_name: "Support",
  voice_url: "https://demo.twilio.com/welcome",
  voice_method: "POST",
  status_callback: "",
};

describe("Twilio's REST API", () => {
  const carrier = new Carrier({ accountSid, authToken, phases: 1, numbers: [number] });
  let apiBase: string;
  before(async () => {
    apiBase = await carrier.listen();
  });
  after(() => carrier.close());
  const urls = { voice: "https://agent.example.com/voice", status: "https://agent.example.com/voice/status" };
  const rest = (more: object = {}) => new TwilioRest({ accountSid, authToken, apiBase, ...more });
  const refused = (pattern: RegExp) => (error: unknown) =>
    error instanceof SidetoneError && error.code === "CARRIER_REFUSED" && pattern.test(error.detail ?? "");

  it("lists numbers and sets both webhooks", async () => {
    assert.deepEqual(
      (await rest().numbers()).map((each) => each.phone_number),
      ["+15550100"],
    );
    await rest().setWebhook(number.sid, urls);
    assert.deepEqual([carrier.numbers[0]?.voice_url, carrier.numbers[0]?.status_callback], [urls.voice, urls.status]);
  });

  for (const [title, ask, pattern] of [
    ["a wrong token", () => rest({ authToken: "wrong" }).numbers(), /20003: Authenticate\. TWILIO_ACCOUNT_SID or/],
    ["no credentials", () => rest({ authToken: undefined }).numbers(), /are not set/],
    [
      "a number that is gone",
      () => rest().setWebhook(`PN${"9".repeat(32)}`, urls),
      /20404: .*no longer in this account/,
    ],
    [
      "an address that Twilio does not take",
      () => rest().setWebhook(number.sid, { ...urls, voice: "agent.example.com" }),
      /21502: .*PUBLIC_URL must be one/,
    ],
    [
      "nobody there",
      () => rest({ apiBase: "http://127.0.0.1:1" }).numbers(),
      /does not answer: is this machine online/,
    ],
  ] as const) {
    it(`says what to do about ${title}`, () => assert.rejects(ask, refused(pattern)));
  }
});
