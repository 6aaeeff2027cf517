import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { CallEvent, PodInput, PodOutput } from "@sidetone/protocol";
import { upsertCall } from "@sidetone/store";
import { WebSocket } from "ws";
import { ACCESS } from "./access.ts";
import { CallSecrets } from "./masking/call-secrets.ts";
import { PLAIN_WORDS } from "./masking/plain-words.ts";
import { Mask } from "./masking.ts";
import { type SignedIn, signIn, started, startTestDashboard, type TestDashboard, writeNotes } from "./test/fixture.ts";

const FROM = "+441632960011";
/** What nobody but a listener may read, wherever it turns up. */
const SECRETS = [
  "Marigold",
  "marigold",
  "Ravensworth",
  "ravensworth",
  "Summer",
  "Chestnut",
  "chestnut",
  "Lane 14",
  "SW1A",
  "47291",
  "four seven",
  "7911",
  "123456",
  "marigold.r@example.com",
  "example dot com",
  "4111",
  "4929",
  "ORD-88",
  "632960011",
] as const;

const heard = (turn: number, text: string, final = true): PodOutput => ({
  type: "heard",
  turn,
  revision: final ? 1 : 0,
  final,
  words: text.split(" ").map((word, i) => ({ text: word, startMs: i * 300, endMs: i * 300 + 250, confidence: 1 })),
});
const said = (utteranceId: number, text: string): PodOutput => ({
  type: "said",
  utteranceId,
  epoch: 0,
  startSamples: 0,
  text,
  act: "line",
  uninterruptible: false,
});
const expecting = (kind: "open" | "name" | "digits" | "address" | "phone" | "email"): PodOutput => ({
  type: "expecting",
  expectation: { kind, length: 0, remaining: 0 },
  intent: "nothing",
});
const filled = (slot: string, value: string): PodOutput => ({ type: "slot-filled", slot, value, confirmed: true });

/** A call in which everything private comes up, before and after it is understood, on both sides and in lookups. */
const TALK: ({ in: PodInput } | { out: PodOutput })[] = [
  { out: expecting("open") },
  // Volunteered before anybody asked, first as a partial hearing: nothing is understood yet.
  { out: heard(0, "hello this is Marigold", false) },
  { out: heard(0, "hello this is Marigold Ravensworth where is my order") },
  { out: expecting("digits") },
  { out: heard(1, "four seven two nine one", false) },
  { out: heard(1, "it is 47291") },
  { out: filled("order-number", "47291") },
  { out: expecting("name") },
  // Everyday words can be a name: while a name is asked for, they are hidden as well.
  { out: heard(2, "Summer", false) },
  { out: expecting("open") },
  { out: heard(2, "Summer Ravensworth") },
  { out: filled("holder-name", "Summer Ravensworth") },
  { out: said(0, "Thank you Summer Ravensworth for order 47291") },
  {
    out: {
      type: "worded",
      utteranceId: 9,
      words: [{ text: "Ravensworth", startSamples: 0, endSamples: 800, source: "engine" }],
    },
  },
  { out: expecting("address") },
  { out: heard(3, "Chestnut Lane 14 SW1A") },
  { out: filled("new-address", "14 Chestnut Lane SW1A") },
  { out: expecting("phone") },
  { out: heard(4, "07911 123456") },
  { out: filled("phone", "07911123456") },
  { out: expecting("email") },
  { out: heard(5, "marigold.r@example.com or marigold at example dot com") },
  { out: expecting("open") },
  { out: heard(6, "my card is 4111 1111 1111 1111") },
  {
    out: {
      type: "delegate",
      taskId: "t1",
      epoch: 0,
      kind: "find-customer",
      input: { name: "Summer Ravensworth", card: "4929000000006" },
      priority: 1,
      outlivesCall: false,
    },
  },
  {
    in: {
      type: "finding",
      finding: {
        taskId: "t1",
        epoch: 0,
        kind: "find-customer",
        outcome: "found",
        output: { customers: [{ id: "ORD-88", name: "Summer Ravensworth", email: "marigold.r@example.com" }] },
        tookMs: 10,
      },
    },
  },
  { in: { type: "whispered", text: "be kind to Marigold", by: "ada@sidetone.test" } },
  { in: { type: "key-pressed", digit: "7" } },
  {
    out: {
      type: "yielded",
      utteranceId: 0,
      heardThroughWord: 0,
      heardText: "Thank you Summer",
      unheardText: "Ravensworth of Chestnut Lane",
    },
  },
  { in: { type: "handed-back", by: "ada@sidetone.test", note: "agreed with Marigold on 47291" } },
  { out: { type: "transfer", target: "people", reason: "Marigold wants a person", summary: "Marigold, 47291" } },
  { out: { type: "failed", code: "X", message: "no Ravensworth" } },
];

const eventsOf = (callId: string): CallEvent[] => [
  started(callId, { from: FROM }),
  ...TALK.map((each, i): CallEvent => {
    const base = { callId, atMs: (i + 1) * 1_000 };
    return "in" in each ? { ...base, type: "entered", input: each.in } : { ...base, type: "left", output: each.out };
  }),
  {
    type: "task",
    callId,
    atMs: 60_000,
    taskId: "t1",
    epoch: 0,
    kind: "find-customer",
    step: "found",
    detail: "Summer Ravensworth, 14 Chestnut Lane",
  },
];

const leaks = (text: string): string[] => SECRETS.filter((secret) => text.includes(secret));

let test: TestDashboard;
let viewer: SignedIn;
let qa: SignedIn;
before(async () => {
  test = await startTestDashboard();
  [viewer, qa] = [await signIn(test, "viewer"), await signIn(test, "qa")];
  const tapePath = await writeNotes(test.dataDir, "past", TALK);
  await upsertCall(
    test.dashboard.context.database.db,
    {
      id: "past",
      tapePath,
      from: FROM,
      playbookId: "retail-order-support",
      startedAt: new Date().toISOString(),
      endedAt: new Date().toISOString(),
      durationMs: 60_000,
      outcome: "transferred",
      topWant: "order-status",
      disposition: "order-status: talked",
      transferReason: "Marigold wants a person",
      summary:
        "The caller asked about order status. They gave holder name summer ravensworth and order number 47291. Then Summer agreed.",
    },
    { turns: [{ who: "caller", startMs: 0, endMs: 900, text: "this is Marigold Ravensworth" }], marks: [] },
  );
});
after(() => test.close());

/** A viewer's socket: everything it gets until `done` is true of all of it together. */
function follow(headers: SignedIn, requests: object[], done: (all: string) => boolean): Promise<string> {
  const socket = new WebSocket(`${test.url.replace("http", "ws")}/api/socket`, {
    headers: { cookie: headers.cookie, origin: headers.origin },
  });
  return new Promise((resolve, reject) => {
    let all = "";
    socket.on("open", () => {
      for (const request of requests) socket.send(JSON.stringify(request));
    });
    socket.on("message", (data) => {
      all += String(data);
      if (!done(all)) return;
      socket.close();
      resolve(all);
    });
    socket.on("error", reject);
  });
}
const LAST_EVENT = /"atMs":60000/;

describe("what a viewer gets of a call with a name, an address, numbers and an e-mail in it", () => {
  before(async () => {
    await test.publish(...eventsOf("live"));
    // The feed has read the whole call when a tab that joins now gets its last event's time.
    await follow(qa, [{ type: "watch-list", on: true }], (all) => LAST_EVENT.test(all));
  });

  const routes = Object.entries(ACCESS).filter(
    ([key, access]) => key.startsWith("GET /api") && access !== "public" && access.includes("viewer"),
  );
  const query = "?from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z";
  for (const [key] of routes) {
    const path = key.slice(4).replace(/\*$/, "/json");
    if (path.includes(":version")) continue;
    it(key, async () => {
      for (const id of ["past", "live"]) {
        const url = path.replace(/:\w+/, id) + (path.endsWith("analytics") ? query : "");
        const { body, rawPayload, headers } = await test.dashboard.app.inject({ url, headers: { ...viewer } });
        assert.deepEqual(leaks(body), []);
        assert.doesNotMatch(String(headers["content-type"]), /audio/);
        assert.ok(rawPayload.length < 1_000_000);
      }
    });
  }

  it("shows all of it to those who may listen, so the walk above would have seen it", async () => {
    const ask = async (url: string) => (await test.dashboard.app.inject({ url, headers: { ...qa } })).body;
    for (const url of ["/api/calls/past/replay", "/api/live/live"]) {
      const found = leaks(await ask(url));
      for (const secret of ["Marigold", "Ravensworth", "Chestnut", "47291", "marigold.r@example.com"])
        assert.ok(found.includes(secret as never), `${url} ${secret}`);
    }
    assert.ok(leaks(await ask("/api/calls")).includes("47291"));
  });

  it("keeps the plain words, so that a viewer can follow the call", async () => {
    const url = "/api/calls/past/replay";
    const { lines } = (await test.dashboard.app.inject({ url, headers: { ...viewer } })).json();
    const texts = lines.map((line: { words: { text: string }[] }) => line.words.map((word) => word.text).join(" "));
    assert.equal(texts[0], "hello this is ••• ••• where is my order");
    assert.ok(texts.includes("Thank you ••• ••• for order •••"), texts.join("\n"));
  });

  it("the socket, for a tab that was there from the start and for one that joins late", async () => {
    const requests = [
      { type: "watch-list", on: true },
      { type: "watch-call", callId: "socket", on: true },
    ];
    const early = follow(viewer, requests, (all) => LAST_EVENT.test(all.slice(all.indexOf('"socket"'))));
    for (const event of eventsOf("socket")) await test.publish(event);
    const late = await follow(viewer, requests, (all) => LAST_EVENT.test(all));
    assert.deepEqual([leaks(await early), leaks(late)], [[], []]);
    const plain = await follow(qa, requests, (all) => LAST_EVENT.test(all));
    assert.ok(leaks(plain).length > 8);
  });

  it("no search by text or number, which would tell by its hits what is masked", async () => {
    for (const search of ["text=marigold", "number=960011"]) {
      const answer = await test.dashboard.app.inject({ url: `/api/calls?${search}`, headers: { ...viewer } });
      assert.equal(answer.statusCode, 403);
    }
  });

  it("no live audio", async () => {
    const answer = await test.dashboard.app.inject({ url: "/api/calls/past/audio.wav", headers: { ...viewer } });
    assert.equal(answer.statusCode, 403);
    const socket = new WebSocket(`${test.url.replace("http", "ws")}/api/live/live/audio`, {
      headers: { cookie: viewer.cookie, origin: viewer.origin },
    });
    const status = await new Promise((resolve) => {
      socket.on("unexpected-response", (request, response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      socket.on("open", () => resolve("open"));
      socket.on("error", () => undefined);
    });
    assert.equal(status, 403);
  });
});

describe("a masked text", () => {
  const mask = new Mask(new Set(["tracking", "courier", "harbour"]));
  const secrets = new CallSecrets();
  secrets.add("Mark Rose");
  for (const [plain, masked] of [
    ["Hello, how can I help you?", "Hello, how can I help you?"],
    ["My name is Olga Nowak", "My name is ••• •••"],
    ["call me on 020 7946 0018", "call me on ••• ••• •••"],
    ["it's double four, seven", "it's ••• •••, •••"],
    ["write to o.nowak@example.com please", "write to ••• please"],
    ["the harbour courier has it", "the harbour courier has it"],
    ["mark my words, Rose's order", "••• my words, ••• order"],
    ["Łukasz O'Neill", "••• •••"],
  ] as const) {
    it(plain, () => assert.equal(mask.text(plain, secrets), masked));
  }

  it("lets no word through that is not in small letters in the list", () => {
    for (const word of PLAIN_WORDS) assert.match(word, /^[a-z']+$/);
  });
});
