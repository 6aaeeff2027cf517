import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BridgeCommand, bridgeInboxStream, type CallEvent } from "@sidetone/protocol";
import { saveScorecard, upsertCall } from "@sidetone/store";
import type { Browser, Page } from "playwright-core";
import { noBrowser, openBrowser, violations, WIDE } from "../test/browser.ts";
import { started, startTestDashboard, type TestDashboard, writeTape } from "../test/fixture.ts";

const SLOW = { timeout: 240_000 };
describe("the dashboard in a browser", { skip: noBrowser }, () => {
  let test: TestDashboard;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  before(async () => {
    test = await startTestDashboard();
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: WIDE, baseURL: test.url });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && /Content Security Policy/.test(message.text())) faults.push(message.text());
    });
  });
  after(async () => {
    await browser?.close();
    await test?.close();
  });

  it("lets the first admin in with the printed link", SLOW, async () => {
    const token = new URL(test.dashboard.firstAdminUrl ?? "").hash;
    await page.goto(`/join${token}`);
    await page.getByLabel("Your name").fill("Ada Lovelace");
    await page.getByLabel("Email").fill("ada@example.com");
    await page.getByLabel("Password").fill("ten characters");
    await page.getByRole("button", { name: "Make the account" }).click();
    await page.waitForURL("**/phone");
    await page.getByRole("button", { name: "Call", exact: true }).waitFor();
  });

  it("shows 500 live calls without drawing 500 rows, and stays calm", SLOW, async (t) => {
    const ids = Array.from({ length: 500 }, (_, i) => `live${i}`);
    await test.publish(...ids.map((id, i) => started(id, { from: `+44163296${String(i).padStart(4, "0")}` })));
    await page.goto("/live");
    await page.getByText("500 calls").waitFor();
    const rows = await page.locator("[aria-label='Live calls'] > li").count();
    assert.ok(rows > 5 && rows < 60, `${rows} rows`);
    const client = await page.context().newCDPSession(page);
    await client.send("Performance.enable");
    const busySeconds = async () => {
      const { metrics } = await client.send("Performance.getMetrics");
      return metrics.find((each) => each.name === "TaskDuration")?.value ?? 0;
    };
    const [busy, startedAt] = [await busySeconds(), performance.now()];
    let events = 0;
    // Two floor changes a second and call, as in a lively conversation.
    for (let round = 1; round <= 10; round++) {
      const floors = ids.map((callId): CallEvent => {
        const caller = round % 2 === 0;
        return { type: "floor", callId, atMs: round * 500, caller, agent: !caller, decision: "listen" };
      });
      await test.publish(...floors);
      events += floors.length;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const share = ((await busySeconds()) - busy) / seconds;
    t.diagnostic(`${Math.round(events / seconds)} events/s keep the tab ${Math.round(share * 100)}% busy`);
    await page.getByLabel("Filter calls").fill("0499");
    await page.getByText("+44 163 296 0499").waitFor();
    assert.equal(await page.locator("[aria-label='Live calls'] > li").count(), 1);
  });

  it("sends a whisper to the bridge that holds the call", SLOW, async () => {
    await page.goto("/live/live7");
    await page.getByLabel("Whisper to the agent").fill("Offer them free delivery");
    await page.keyboard.press("Enter");
    await page.getByText("The agent has it.").waitFor();
    const entries = await test.dashboard.context.redis.xrange(bridgeInboxStream("bridge-test"), "-", "+");
    const command = BridgeCommand.parse(JSON.parse(entries.at(-1)?.[1][1] ?? ""));
    assert.deepEqual(command, {
      type: "input",
      callId: "live7",
      input: { type: "whispered", text: "Offer them free delivery", by: "ada@example.com" },
    });
  });

  it("completes the QA flow by keyboard alone: search, open, seek, comment, score, next call", SLOW, async (t) => {
    const { db } = test.dashboard.context.database;
    const startedAt = Date.now();
    for (const [index, id] of ["qa1", "qa2"].entries()) {
      const tapePath = await writeTape(test.dataDir, id, 60_000);
      await upsertCall(
        db,
        {
          id,
          tapePath,
          from: `+44163296012${index}`,
          outcome: "contained",
          startedAt: new Date(startedAt - index * 60_000).toISOString(),
          durationMs: 60_000,
        },
        { turns: [{ who: "caller", startMs: 0, endMs: 2_400, text: "where is my order" }], marks: [] },
      );
    }
    const criteria = ["Greeted", "Understood"].map((question) => ({
      id: question.toLowerCase(),
      question,
      weight: 1,
      required: true,
      autoFail: false,
    }));
    await saveScorecard(db, { name: "Courtesy", document: { criteria }, by: "test", active: true });
    const press = (...keys: string[]) =>
      keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
    await page.goto("/phone");
    await page.locator("main h1").waitFor();
    await press("g", "r");
    await page.locator("[data-call-row]").first().waitFor();
    await press("/");
    await page.keyboard.type("order");
    await press("Enter");
    await page.waitForURL("**text=order**");
    await page.getByText("2 calls").waitFor();
    await press("j");
    const openedAt = performance.now();
    await press("Enter");
    await page.getByRole("img", { name: /Timeline/ }).waitFor();
    t.diagnostic(`replay opened in ${Math.round(performance.now() - openedAt)} ms`);
    await page.waitForURL("**/calls/qa1");
    await press("j");
    await page.locator("[aria-current=step]").first().waitFor();
    await press("ArrowRight", "c");
    await page.getByRole("dialog").getByLabel("Comment").waitFor();
    await page.keyboard.type("Well asked");
    await press("Control+Enter");
    await page.getByText("Well asked").waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await press("r");
    await page.locator("input[type=radio]:focus").waitFor();
    // The first question: yes. Past its moment's button, the second one: no.
    await press("Space", "Tab", "Tab", "Space", "ArrowRight", "ArrowRight", "Control+Enter");
    await page.getByText("Scored 50.").waitFor();
    const scores = await db.selectFrom("scores").select(["call_id", "total"]).execute();
    assert.deepEqual(
      scores.map((row) => [row.call_id, row.total]),
      [["qa1", 50]],
    );
    await press("Escape", "n");
    await page.waitForURL("**/calls/qa2");
    await page.getByRole("img", { name: /Timeline/ }).waitFor();
    await press("f", "d");
    assert.deepEqual(await violations(page), []);
  });

  it("marks an error at its line, and publishes only what was mended and tested", SLOW, async () => {
    await page.goto("/playbooks/retail-order-support");
    const editor = page.getByLabel("Playbook", { exact: true });
    await editor.waitFor();
    await page.getByText("format: 1").first().click();
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+End");
    await page.keyboard.type("format: none");
    await page.getByText(/^Line 2$/).waitFor();
    assert.equal(await page.getByRole("button", { name: "Try" }).isDisabled(), true);
    await page.getByText("format: none").first().click();
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+End");
    await page.keyboard.type("format: 1");
    await page.getByText("None found.").waitFor();
    await page.getByText("company: Harbour and Lane").click();
    await page.keyboard.press("End");
    await page.keyboard.type("s");
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText("Version 2 takes the next call.").waitFor();
    const published = JSON.parse(
      readFileSync(join(test.dataDir, "playbooks", "published", "retail-order-support.json"), "utf8"),
    );
    assert.equal(published.version, 2);
    assert.match(published.source, /Harbour and Lanes/);
  });

  it("raised no error and broke no policy", () => assert.deepEqual(faults, []));
});
