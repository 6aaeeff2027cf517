import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { looksWell, noBrowser, openBrowser, WIDE } from "../test/browser.ts";
import { type Centre, fillCentre } from "../test/centre.ts";
import { PASSWORD, startTestDashboard, type TestDashboard } from "../test/fixture.ts";

const SLOW = { timeout: 400_000 };
const LETTERS = [
  ["t1", "order-status", "CONNECTOR_DOWN: the shop does not answer"],
  ["t2", "create-return", "TASK_UNCERTAIN: the worker died while it ran; its effect may be there"],
].map(([id, kind, reason]) => ({
  queue: "lookup",
  id,
  kind,
  callId: "3f0c2a9e71d4",
  reason,
  attempts: 3,
  failedAt: new Date(Date.now() - 3_600_000).toISOString(),
}));

/** Speaks what the worker's side port speaks. */
const workerPort = (): Server =>
  createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/health" ? { status: "ok", parts: {} } : { deadLetters: LETTERS }));
  });

describe("every page, with what a contact centre has on it", { skip: noBrowser, timeout: 1_800_000 }, () => {
  const worker = workerPort();
  let test: TestDashboard;
  let centre: Centre;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  before(async () => {
    worker.listen(0, "127.0.0.1");
    await once(worker, "listening");
    const { port } = worker.address() as AddressInfo;
    test = await startTestDashboard({ WORKER_URL: `http://127.0.0.1:${port}`, BRIDGE_URL: "http://127.0.0.1:9" });
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: WIDE, baseURL: test.url });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && /Content Security Policy/.test(message.text())) faults.push(message.text());
    });
  }, SLOW);
  after(async () => {
    await browser?.close();
    worker.close();
    worker.closeAllConnections();
    await test?.close();
  });

  it("the first admin's door", SLOW, async () => {
    await page.goto(`/join${new URL(test.dashboard.firstAdminUrl ?? "").hash}`);
    await page.getByLabel("Your name").waitFor();
    await looksWell(page, "first-admin");
  });

  it("signing in", SLOW, async () => {
    centre = await fillCentre(test);
    await page.goto("/login");
    await page.getByLabel("Email").fill("ada@example.com");
    await looksWell(page, "login");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/phone");
  });

  type Step = (at: Page) => Promise<unknown>;
  const press =
    (name: string | RegExp): Step =>
    (at) =>
      at.getByRole("button", { name }).first().click();
  const tab =
    (name: RegExp): Step =>
    (at) =>
      at.getByRole("tab", { name }).click();
  const keys =
    (...pressed: string[]): Step =>
    async (at) => {
      for (const key of pressed) await at.keyboard.press(key);
    };
  const dialog: Step = (at) => at.getByRole("dialog").waitFor();
  const sees =
    (text: string | RegExp): Step =>
    (at) =>
      at.getByText(text).first().waitFor();
  const timeline: Step = (at) => at.getByRole("img", { name: /Timeline/ }).waitFor();

  for (const [name, path, ...steps] of [
    ["phone", "/phone", sees("Call")],
    ["live", "/live", sees("26 calls")],
    ["live-call", "/live/live0", (at) => at.getByRole("button", { name: "Take over" }).waitFor()],
    ["calls", "/calls", sees(/^\d+ calls$/)],
    [
      "calls-filter",
      "/calls?responseOverMs=800&outcome=contained",
      press(/^Filter/),
      sees("Any response slower than, ms"),
    ],
    ["replay", () => `/calls/${centre.callId}?t=12400`, timeline],
    ["replay-scores-spectrogram", () => `/calls/${centre.callId}?t=60000`, timeline, keys("d", "f")],
    ["replay-comments", () => `/calls/${centre.callId}`, timeline, tab(/^Comments/), sees("Well asked: one question")],
    ["replay-comment", () => `/calls/${centre.callId}`, timeline, keys("c"), dialog],
    ["replay-score", () => `/calls/${centre.callId}`, timeline, tab(/^Score/), sees("grace@example.com")],
    ["replay-details", () => `/calls/${centre.callId}`, timeline, tab(/^Details/), sees("Chosen by")],
    ["scoring", "/scoring", sees("To score"), sees("Service standard"), sees(/Cohen/)],
    ["scorecard", "/scoring", press(/^Edit/), dialog],
    ["reruns", "/reruns", sees("Late parcels")],
    ["set", () => `/sets/${centre.setId}`, sees("Run again")],
    ["expectation", () => `/sets/${centre.setId}`, press(/^What to expect/), dialog],
    ["start-rerun", () => `/sets/${centre.setId}`, press("Run again"), dialog],
    ["rerun", () => `/reruns/${centre.rerunId}`, sees("Regressed")],
    ["rerun-running", () => `/reruns/${centre.runningRerunId}`, sees("23 of 60 calls")],
    ["rerun-call", () => `/reruns/${centre.rerunId}/${centre.callId}`, sees("In all")],
    ["rerun-replay", () => `/reruns/${centre.rerunId}/${centre.callId}/replay`, timeline],
    ["analytics", "/analytics", sees("Contained")],
    ["playbooks", "/playbooks", sees("retail-order-support")],
    ["playbook", "/playbooks/retail-order-support", sees("None found."), sees("Who comes here")],
    ["playbook-diff", "/playbooks/retail-order-support", press(/^Compare with/), sees("Back to the editor")],
    ["playbook-gate", "/playbooks/retail-order-support", press("Change"), dialog],
    ["numbers", "/numbers", sees("Other calls")],
    ["connectors", "/connectors", sees("Try a lookup")],
    ["connector", "/connectors", press("New connector"), dialog],
    ["knowledge", "/knowledge", (at) => at.locator("main h1").waitFor()],
    ["people", "/people", sees("Grace Hopper")],
    ["invite", "/people", press(/^Invite/), dialog],
    ["tokens", "/tokens", sees("wallboard")],
    ["audit", "/audit", sees("playbook.publish")],
    ["health", "/status", sees("Tasks that failed for good"), sees("CONNECTOR_DOWN")],
    ["shortcuts", "/calls", sees(/^\d+ calls$/), keys("?"), dialog],
    ["command-menu", "/calls", sees(/^\d+ calls$/), keys("Control+k"), dialog],
  ] as readonly [name: string, path: string | (() => string), ...steps: Step[]][]) {
    it(name, SLOW, async () => {
      await page.setViewportSize(WIDE);
      await page.goto(typeof path === "string" ? path : path());
      for (const step of steps) await step(page);
      await looksWell(page, name);
    });
  }

  it("none raised an error or broke the policy", () => assert.deepEqual(faults, []));
});
