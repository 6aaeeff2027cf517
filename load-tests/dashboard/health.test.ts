import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { noBrowser, openBrowser, openPage, startWhole, type WholeStack } from "./browser-stack.ts";

const LONG = { timeout: 240_000 };

describe("the Health page while processes die", { skip: noBrowser }, () => {
  let whole: WholeStack;
  let browser: Browser;
  let page: Page;
  before(async () => {
    // No model is needed to die.
    whole = await startWhole({
      worker: true,
      podEnv: { POD_CAPACITY: "4", MODEL_DIR: join(import.meta.dirname, "no-model") },
      bridgeEnv: { PLAYBOOK: "line-test" },
    });
    browser = await openBrowser();
    ({ page } = await openPage(browser, whole.dashboard));
    await page.goto("/status");
    await page.getByText("Everything works").waitFor();
  }, LONG);
  after(async () => {
    await browser?.close();
    await whole?.close();
  }, LONG);

  const part = (name: string): Locator => page.getByRole("listitem").filter({ hasText: new RegExp(`^${name}`) });
  /** It is said to be down, since when, and what to do; and it stays at that time. */
  const isDown = async (name: string, remedy: RegExp) => {
    const row = part(name);
    await row.getByText("down", { exact: true }).waitFor();
    await row.getByText(remedy).waitFor();
    const since = await row.getByText(/^since /).getAttribute("title");
    assert.ok(Math.abs(Date.parse(since ?? "") - Date.now()) < 200_000, `since ${since}`);
    await page.getByText("Something is down").waitFor();
    await page.reload();
    await row.getByText("down", { exact: true }).waitFor();
    assert.equal(await row.getByText(/^since /).getAttribute("title"), since);
  };
  const kill = (name: string) => whole.stack.processes[name]?.stop("SIGKILL");

  it("a worker: lookups wait, calls are still taken", LONG, async () => {
    await kill("worker");
    await isDown("Worker", /Start the worker.*lookups wait/);
    await part("Calls").getByText("New calls are taken.").waitFor();
  });

  it("a pod: no new call is taken, and what to start", LONG, async () => {
    await kill("pod");
    await isDown("Bridge: pods", /Start the pod that is missing/);
    await part("Calls").getByText("No new call is taken.").waitFor();
    await part("Bridge: pods").getByText("0 of 1 ready").waitFor();
  });

  it("Redis: said by the dashboard and by the bridge, and the page still answers", LONG, async () => {
    await kill("redis");
    await isDown("Redis", /Check REDIS_URL/);
  });

  it("the bridge: where it should be", LONG, async () => {
    await kill("bridge");
    await isDown("Calls", /Start the bridge, or set BRIDGE_URL/);
  });
});
