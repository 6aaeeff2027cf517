import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BridgeMessage, CarrierMessage } from "@sidetone/protocol";
import {
  CONNECTED_MESSAGE,
  dtmfMessage,
  markMessage,
  mediaMessage,
  readServerMessage,
  startMessage,
  stopMessage,
} from "./media-messages.ts";

const identity = { accountSid: "AC1", callSid: "CA1", streamSid: "MZ1" };

describe("media messages", () => {
  it("sends what the protocol documents", () => {
    for (const text of [
      CONNECTED_MESSAGE,
      startMessage(1, identity, { token: "t" }),
      mediaMessage(2, "MZ1", 1, 20, "/w=="),
      markMessage(3, "MZ1", 'a "name"'),
      dtmfMessage(4, "MZ1", "#"),
      stopMessage(5, identity),
    ]) {
      CarrierMessage.parse(JSON.parse(text));
    }
    assert.deepEqual(JSON.parse(mediaMessage(2, "MZ1", 1, 20, "/w==")), {
      event: "media",
      sequenceNumber: "2",
      media: { track: "inbound", chunk: "1", timestamp: "20", payload: "/w==" },
      streamSid: "MZ1",
    });
    assert.equal(JSON.parse(dtmfMessage(4, "MZ1", "#")).dtmf.track, "inbound_track");
  });

  const received: [message: unknown, outcome: string | number][] = [
    [{ event: "media", streamSid: "MZ1", media: { payload: "////" } }, "media"],
    [{ event: "mark", streamSid: "MZ1", mark: { name: "g1:160" } }, "mark"],
    [{ event: "clear", streamSid: "MZ1" }, "clear"],
    [{ event: "clear", streamSid: "MZ1", reason: "yield" }, 31951],
    [{ event: "clear", streamSid: "MZ2" }, 31951],
    [{ event: "stop", streamSid: "MZ1" }, 31951],
    [{ event: "media", stream_sid: "MZ1", media: { payload: "////" } }, 31951],
    [{ event: "media", streamSid: "MZ1", media: { payload: "////", track: "outbound" } }, 31951],
    [{ event: "media", streamSid: "MZ1", sequenceNumber: "1", media: { payload: "////" } }, 31951],
    [{ event: "media", streamSid: "MZ1", media: "////" }, 31951],
    [{ event: "media", streamSid: "MZ1", media: { payload: "not base64!" } }, 31924],
    [{ event: "media", streamSid: "MZ1", media: { payload: "" } }, 31924],
    [{ event: "media", streamSid: "MZ1", media: { payload: Buffer.from("RIFFxxxx").toString("base64") } }, 31924],
    [{ event: "mark", streamSid: "MZ1", mark: { name: "" } }, 31951],
    [{ event: "mark", streamSid: "MZ1" }, 31951],
    [null, 31951],
    [[], 31951],
  ];
  for (const [message, outcome] of received) {
    it(`answers ${JSON.stringify(message)} with ${outcome}`, () => {
      const read = readServerMessage(JSON.stringify(message), "MZ1");
      assert.equal(read.event === "refused" ? read.code : read.event, outcome);
      const documented = BridgeMessage.safeParse(message).success;
      if (read.event !== "refused") assert.ok(documented, "the protocol's own schema takes it too");
    });
  }

  it("answers what is not JSON with 31951", () => {
    assert.deepEqual(readServerMessage("{", "MZ1"), { event: "refused", code: 31951, detail: "not valid JSON" });
  });
});
