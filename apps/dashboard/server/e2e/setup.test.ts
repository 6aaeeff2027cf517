import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { upsertCall } from "@sidetone/store";
import { Carrier, freePort, TestProcess } from "@sidetone/testkit";
import type { Browser, Page } from "playwright-core";
import { looksWell, noBrowser, openBrowser, WIDE } from "../test/browser.ts";
import { PASSWORD, startTestDashboard, type TestDashboard, writeTape } from "../test/fixture.ts";

const SLOW = { timeout: 400_000 };
const APPS = join(import.meta.dirname, "..", "..", "..");
const TOKEN = "s3cret-of-the-shop";
const PUBLIC_NUMBER = "+15550100";

describe("setting up and looking after quality, in a browser", { skip: noBrowser, timeout: 1_800_000 }, () => {
  const accountSid = `AC${"1".repeat(32)}`;
  const authToken = "2".repeat(32);
  const carrier = new Carrier({
    accountSid,
    authToken,
    phases: 1,
    numbers: [
      { sid: `PN${"3".repeat(32)}`, phone_number: PUBLIC_NUMBER, friendly_name: "Support" },
      { sid: `PN${"4".repeat(32)}`, phone_number: "+15550101", friendly_name: "Returns" },
    ].map((number) => ({
      ...number,
      voice_url: "https://demo.twilio.com/welcome",
      voice_method: "POST" as const,
      status_callback: "",
    })),
  });
  let test: TestDashboard;
  let worker: TestProcess;
  let service: Server;
  let serviceUrl: string;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  before(async () => {
    service = createServer((request, response) => {
      const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
      response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
      response.end(JSON.stringify(isKnown ? { confirmation: "C1" } : { message: "bad token" }));
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    serviceUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const apiBase = await carrier.listen();
    test = await startTestDashboard({
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_API_BASE: apiBase,
      PUBLIC_URL: "https://agent.example.com",
    });
    const port = await freePort();
    worker = await TestProcess.start(process.execPath, {
      args: [join(APPS, "worker", "src", "main.ts")],
      env: { DATA_DIR: test.dataDir, REDIS_URL: test.redis.url, WORKER_PORT: `${port}`, LOG_LEVEL: "warn" },
      readyUrl: `http://127.0.0.1:${port}/ready`,
      readyWithinMs: 120_000,
    });
    const { accounts, database } = test.dashboard.context;
    await accounts.create({ email: "ada@example.com", name: "Ada Lovelace", role: "admin", password: PASSWORD });
    for (const [index, want] of ["order-status", "return", "refund"].entries()) {
      const id = `qa${index}`;
      await upsertCall(
        database.db,
        {
          id,
          tapePath: await writeTape(test.dataDir, id, 20_000),
          from: `+44163296012${index}`,
          to: PUBLIC_NUMBER,
          playbookId: "retail-order-support",
          playbookVersion: 1,
          route: { id: "r1", label: "Trial, every day, 10% of callers, retail-order-support v1" },
          outcome: "contained",
          topWant: want,
          startedAt: new Date(Date.now() - index * 3_600_000).toISOString(),
          durationMs: 20_000,
        },
        { turns: [{ who: "caller", startMs: 0, endMs: 2_400, text: "where is my order" }], marks: [] },
      );
    }
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: WIDE, baseURL: test.url });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("dialog", (dialog) => void dialog.accept());
    await page.goto("/login");
    await page.getByLabel("Email").fill("ada@example.com");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/phone");
  });
  after(async () => {
    await browser?.close();
    await worker?.stop();
    await test?.close();
    await carrier.close();
    service?.close();
  });

  it("points a number here through the carrier's API, and says what the carrier refuses", SLOW, async () => {
    await page.goto("/numbers");
    await page.getByRole("button", { name: "Point +1 555 0100 here" }).click();
    await page.getByText("Here", { exact: true }).waitFor();
    assert.equal(carrier.numbers[0]?.voice_url, "https://agent.example.com/voice");
    assert.equal(carrier.numbers[0]?.status_callback, "https://agent.example.com/voice/status");
    carrier.numbers.pop();
    await page.getByRole("button", { name: "Point +1 555 0101 here" }).click();
    await page.getByText(/Twilio answered 20404.*no longer in this account/).waitFor();
  });

  it("routes a number by days, times and shares, and tells who would answer", SLOW, async () => {
    await page.goto("/numbers");
    await page.getByRole("button", { name: "Rules of +1 555 0100" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Add a rule" }).click();
    await dialog.getByLabel("Playbook").selectOption("retail-order-support");
    await dialog.getByLabel("From").fill("09:00");
    await dialog.getByLabel("Until").fill("17:00");
    await dialog.getByLabel("Time zone").fill("Europe/London");
    await dialog.getByRole("button", { name: "Rule 1: sun" }).click();
    await dialog.getByLabel("Name, as calls will show it").fill("Office");
    await dialog.getByRole("button", { name: "Add a rule" }).click();
    await dialog.getByLabel("Callers, %").nth(1).fill("10");
    await dialog.getByRole("button", { name: "Move Rule 2 up" }).click();
    await dialog.getByLabel("Caller", { exact: true }).fill("+44 7700 900123");
    await dialog.getByRole("button", { name: "Look" }).click();
    await dialog.getByText(/The caller stands at \d+\.\d of 100/).waitFor();
    await looksWell(page, "numbers-rules");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText(/^Office, mon tue wed thu fri sat, 09:00-17:00 Europe\/London/).waitFor();
    const numbers = JSON.parse(readFileSync(join(test.dataDir, "playbooks", "numbers.json"), "utf8"));
    assert.deepEqual(
      numbers[PUBLIC_NUMBER].map((rule: { sharePercent: number }) => rule.sharePercent),
      [10, 100],
    );
    await looksWell(page, "numbers");
  });

  it("makes a connector, is told what is wrong, mends it, and the worker uses it without a restart", SLOW, async () => {
    await page.goto("/connectors");
    await page.getByRole("button", { name: "New connector" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Kind").selectOption("rest");
    await dialog.getByLabel("Name").fill("fulfilment");
    const config = await dialog.getByLabel("Configuration").inputValue();
    await dialog.getByLabel("Configuration").fill(config.replace("https://fulfilment.example.com/api", serviceUrl));
    await dialog.getByLabel("SERVICE_TOKEN").fill("wrong");
    await dialog.getByRole("button", { name: "Test" }).click();
    await dialog.getByText("The service refused the credentials").waitFor();
    await looksWell(page, "connector-edit");
    await dialog.getByLabel("SERVICE_TOKEN").fill(TOKEN);
    await dialog.getByRole("button", { name: "Test" }).click();
    await dialog.getByText("The service refused the credentials").waitFor({ state: "detached" });
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    const row = page.getByRole("listitem").filter({ hasText: "fulfilment" });
    await row.getByText("in use", { exact: true }).waitFor();
    await row.getByRole("button", { name: "Test fulfilment" }).click();
    await row.getByRole("status").waitFor();
    const answer = await page.evaluate<string>("fetch('/api/connectors').then((found) => found.text())");
    assert.ok(answer.includes("SERVICE_TOKEN") && !answer.includes(TOKEN));
    const [stored] = await test.dashboard.context.database.db.selectFrom("connectors").selectAll().execute();
    assert.ok(stored && !JSON.stringify(stored).includes(TOKEN));
    await looksWell(page, "connectors");
    await row.getByRole("button", { name: "Edit fulfilment" }).click();
    assert.equal(await dialog.getByLabel("SERVICE_TOKEN").inputValue(), "");
    await page.keyboard.press("Escape");
    await row.getByRole("button", { name: "Switch off fulfilment" }).click();
    await row.getByText("off", { exact: true }).waitFor();
  });

  it("saves picked calls and runs them again, by keyboard alone", SLOW, async () => {
    await page.goto("/calls");
    await page.locator("[data-call-row]").first().waitFor();
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    /** Tabs until what has the focus is called so. */
    const tabTo = async (name: RegExp, key = "Tab"): Promise<void> => {
      for (let step = 0; step < 120; step++) {
        await press(key);
        const focused = await page.evaluate<string>(
          "(() => { const at = document.activeElement; return at?.getAttribute('aria-label') || at?.labels?.[0]?.textContent || at?.textContent || ''; })().trim()",
        );
        if (name.test(focused)) return;
      }
      assert.fail(`nothing that is called ${name} can be reached`);
    };
    for (const number of ["0120", "0121"]) {
      await tabTo(new RegExp(`^Pick the call of .* ${number}$`));
      await press("Space");
    }
    await page
      .getByRole("button", { name: /Save as a set/ })
      .getByText("2")
      .waitFor();
    await tabTo(/^Save as a set/, "Shift+Tab");
    await press("Enter");
    await page.getByRole("dialog").getByLabel("Name of the new set").waitFor();
    await press("Control+a");
    await page.keyboard.type("Late parcels");
    await press("Enter");
    await page.waitForURL("**/sets/*");
    await tabTo(/^Run again$/);
    await press("Enter");
    await page.getByRole("dialog").getByLabel("Playbook").waitFor();
    await page.getByRole("dialog").getByLabel("Playbook").focus();
    await page.keyboard.type("Retail");
    await tabTo(/^Run$/);
    await press("Enter");
    await page.waitForURL("**/reruns/*");
    await page.getByText("done", { exact: true }).waitFor({ timeout: 350_000 });
    await looksWell(page, "rerun");
    await tabTo(/^qa0$/);
    await press("Enter");
    await page.getByRole("heading", { name: "In all" }).waitFor();
    await looksWell(page, "rerun-call");
    assert.match(
      (await page
        .getByLabel(/^Replay at/)
        .last()
        .getAttribute("href")) ?? "",
      /\/calls\/qa0\?t=\d+/,
    );
  });

  it("raised no error", () => assert.deepEqual(faults, []));
});
