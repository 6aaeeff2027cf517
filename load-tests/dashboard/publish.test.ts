import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Call, type CallerStep, speak } from "@sidetone/testkit";
import type { Browser, Page } from "playwright-core";
import { noBrowser, openBrowser, openPage, startWhole, type WholeStack } from "./browser-stack.ts";

const LONG = { timeout: 600_000 };
const COMPANY = "company: Harbour and Lane";
const LISTEN: CallerStep = { do: "listen", quietMs: 1_500, atMostMs: 30_000 };

describe("a playbook on its way to the next caller, over the real stack", {
  skip: noBrowser,
  timeout: 1_500_000,
}, () => {
  let whole: WholeStack;
  let browser: Browser;
  let page: Page;
  before(async () => {
    whole = await startWhole({ podEnv: { POD_CAPACITY: "4" } });
    browser = await openBrowser();
    ({ page } = await openPage(browser, whole.dashboard));
    page.setDefaultTimeout(120_000);
  }, LONG);
  after(async () => {
    await browser?.close();
    await whole?.close();
  }, LONG);

  const place = (from: string, steps: readonly CallerStep[]): Call =>
    whole.stack.carrier.placeCall({ from, to: "+15550100", voiceUrl: whole.stack.voiceUrl, steps });
  const dialog = () => page.getByRole("dialog");
  /** Puts another text in the place of the one line that has this one. */
  const rewrite = async (line: string | RegExp, text: string) => {
    await page.locator(".cm-line").filter({ hasText: line }).first().click();
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+End");
    await page.keyboard.type(text);
  };
  const edit = async () => {
    await page.goto("/playbooks/retail-order-support");
    await page.locator(".cm-line").filter({ hasText: "company:" }).waitFor();
  };
  const test = async () => {
    await page.getByRole("button", { name: "Test", exact: true }).click();
    await page.getByRole("button", { name: "Publish", exact: true }).waitFor();
  };
  /** Runs the required set against the version that is being written; its one call is over then. */
  const runSet = async (version: number) => {
    await page.getByRole("button", { name: `Run the set against v${version}` }).click();
    await dialog().getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForURL("**/reruns/*");
    await page.getByText("done", { exact: true }).waitFor({ timeout: 400_000 });
  };
  /** The one call of the set has been run, and so many regressed. */
  const hasRun = async (regressed: number) => {
    const figures = page.locator("dl > div");
    await figures.filter({ hasText: /^Run1of 1$/ }).waitFor();
    await figures.filter({ hasText: new RegExp(`^Regressed${regressed}$`) }).waitFor();
  };

  it("a call is kept, saved as a set, and something is expected of it", LONG, async () => {
    const call = place("+441632960133", [
      LISTEN,
      { do: "speak", audio: await speak("yes that's fine") },
      LISTEN,
      { do: "speak", audio: await speak("where is my order") },
      LISTEN,
      { do: "hang-up" },
    ]);
    await call.ended;
    await page.goto("/calls");
    await page.getByLabel(/^Pick the call of .* 0133$/).check();
    await page.getByRole("button", { name: /Save as a set/ }).click();
    await dialog().getByLabel("Name of the new set").fill("Greetings");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/sets/*");
    await page.getByRole("button", { name: /^What to expect/ }).click();
    await page.getByLabel("Words that the agent must say").fill("Harbour and Lane of Bristol");
    await dialog().getByRole("button", { name: "Save" }).click();
    await dialog().waitFor({ state: "detached" });
  });

  it("the playbook requires that set", LONG, async () => {
    await edit();
    await page.getByRole("button", { name: "Change" }).click();
    await dialog().getByLabel("Saved set").selectOption({ label: "Greetings" });
    // How long a busy machine takes is not what is looked at here.
    await dialog().getByLabel("Slower, ms at most").fill("10000");
    await dialog().getByLabel("More cut-ins, at most").fill("100");
    await dialog().getByRole("button", { name: "Save" }).click();
    await page.getByText("Re-run of Greetings").waitFor();
  });

  it("an error is shown at its line, and gone when it is mended", LONG, async () => {
    await rewrite("format: 1", "format: none");
    await page.getByText("Line 2", { exact: true }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Try" }).isDisabled(), true);
    await rewrite("format: none", "format: 1");
    await page.getByText("None found.").waitFor();
  });

  it("tested, but not run against the set: the gate is shut", LONG, async () => {
    await rewrite(COMPANY, `${COMPANY} of Bath`);
    await test();
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await dialog()
      .getByText(/The set has not been run against this text/)
      .waitFor();
    await page.keyboard.press("Escape");
  });

  it("the set regresses: the gate stays shut, and says why", LONG, async () => {
    await runSet(2);
    await hasRun(1);
    await page.getByText('The agent did not say "Harbour and Lane of Bristol".').waitFor();
    await edit();
    await page.getByText(/1 call regressed; at most 0 may/).waitFor();
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await dialog()
      .getByText(/1 call regressed/)
      .waitFor();
    await page.keyboard.press("Escape");
  });

  it("mended, the set passes: it is published", LONG, async () => {
    await rewrite("of Bath", `${COMPANY} of Bristol`);
    await test();
    await runSet(2);
    await hasRun(0);
    await edit();
    await page.getByText("Nothing is worse than the bounds allow.").waitFor();
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText("Version 2 takes the next call.").waitFor();
  });

  it("the next call has it", LONG, async () => {
    // The bridge looks at what is published every second: a call within that second may be an old one.
    const next = async (): Promise<Call> => {
      const call = place("+441632960134", [{ do: "pause", ms: 500_000 }]);
      await page.goto("/live");
      await page.getByRole("link", { name: /0134/ }).click();
      const version = await page.getByText(/^Retail order support v\d$/).textContent();
      if (version?.endsWith("v2")) return call;
      call.hangUp();
      await page.getByText("The call has ended.").first().waitFor();
      return next();
    };
    const call = await next();
    const agent = page.locator("[aria-label=Transcript] li", { hasText: "Agent" });
    await agent.filter({ hasText: "Harbour and Lane of Bristol" }).first().waitFor();
    call.hangUp();
    await page.getByText("The call has ended.").first().waitFor();
  });
});
