import assert from "node:assert/strict";
import { describe, it } from "node:test";
import twilio from "twilio";
import { parseTwiml } from "./twiml.ts";

describe("TwiML", () => {
  it("reads what Twilio's own builder writes", () => {
    const response = new twilio.twiml.VoiceResponse();
    response.say("One & two < three");
    const connect = response.connect({ action: "https://a.example/after?x=1&y=2" });
    const stream = connect.stream({
      url: "wss://a.example/media",
      name: "call",
      statusCallback: "https://a.example/s",
    });
    stream.parameter({ name: "token", value: 'a"b' });
    stream.parameter({ name: "playbook", value: "orders" });
    response.redirect({ method: "GET" }, "https://a.example/next");
    response.dial({ callerId: "+1500" }, "+1600");
    response.pause({ length: 2 });
    response.hangup();
    assert.deepEqual(parseTwiml(response.toString()), {
      faults: [],
      verbs: [
        { verb: "say", text: "One & two < three" },
        {
          verb: "connect",
          action: "https://a.example/after?x=1&y=2",
          method: "POST",
          stream: {
            url: "wss://a.example/media",
            name: "call",
            statusCallback: "https://a.example/s",
            statusCallbackMethod: "POST",
            parameters: { token: 'a"b', playbook: "orders" },
          },
        },
        { verb: "redirect", url: "https://a.example/next", method: "GET" },
        { verb: "dial", targets: ["+1600"], callerId: "+1500", method: "POST" },
        { verb: "pause", lengthMs: 2000 },
        { verb: "hangup" },
      ],
    });
  });

  const faulty: [what: string, document: string, code: number, verbs: number][] = [
    ["no XML at all", "not found", 12100, 0],
    ["a torn document", "<Response><Say>hello</Response>", 12100, 0],
    ["another root", "<html></html>", 12100, 0],
    ["an unknown verb, the others being carried out", "<Response><Dance/><Hangup/></Response>", 12200, 1],
    ["a <Connect> without a noun", "<Response><Connect/></Response>", 12200, 0],
  ];
  for (const [what, document, code, verbs] of faulty) {
    it(`faults ${what} with ${code}`, () => {
      const parsed = parseTwiml(document);
      assert.deepEqual([parsed.faults[0]?.code, parsed.verbs.length], [code, verbs]);
    });
  }

  it("leaves out a parameter of more than 500 characters", () => {
    const long = "x".repeat(500);
    const { verbs, faults } = parseTwiml(
      `<Response><Connect><Stream url="wss://a/b"><Parameter name="p" value="${long}"/></Stream></Connect></Response>`,
    );
    assert.equal(faults[0]?.code, 12200);
    assert.deepEqual(verbs[0]?.verb === "connect" && verbs[0].stream.parameters, {});
  });
});
