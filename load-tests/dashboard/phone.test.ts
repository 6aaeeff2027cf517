import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { decodeUlaw } from "@sidetone/audio";
import { speak, tempFolder } from "@sidetone/testkit";
import type { Browser, Page } from "playwright-core";
import { noBrowser, openBrowser, openPage, type Sounds, startWhole, type WholeStack } from "./browser-stack.ts";
import { microphoneWav } from "./tone.ts";

const LONG = { timeout: 280_000 };
/** The greeting and its question for consent take about nine seconds. */
const GREETING_MS = 12_000;
const WITHIN_MS = 60_000;

const spoken = async (text: string): Promise<Int16Array> => {
  const ulaw = await speak(text);
  const samples = new Int16Array(ulaw.length);
  decodeUlaw(ulaw, samples);
  return samples;
};

describe("a call from the Phone page with a microphone, over the real stack", { skip: noBrowser }, () => {
  const folder = tempFolder("microphone");
  let whole: WholeStack;
  let browser: Browser;
  let page: Page;
  let sounds: Sounds;
  before(async () => {
    const microphone = join(folder.path, "caller.wav");
    const [yes, question] = [await spoken("Yes, that's fine."), await spoken("Where is my order?")];
    writeFileSync(microphone, microphoneWav([GREETING_MS, yes, 8_000, question, 20_000, question, 60_000]));
    whole = await startWhole({ podEnv: { POD_CAPACITY: "2" } });
    browser = await openBrowser({ microphone });
    ({ page, sounds } = await openPage(browser, whole.dashboard));
  }, LONG);
  after(async () => {
    await browser?.close();
    await whole?.close();
    folder.remove();
  }, LONG);

  it("greets, hears the caller, and answers so that the page's loudspeaker sounds", LONG, async (t) => {
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await page.getByText("On the line").waitFor();
    const greeting = await sounds.next({ side: "loudspeaker", loud: true, afterMs: 0 }, WITHIN_MS);
    await page.locator("[aria-label=Transcript] li").first().waitFor();
    // The caller's second utterance is the question.
    const yes = await sounds.next({ side: "microphone", loud: true, afterMs: greeting.atMs }, WITHIN_MS);
    const yesOver = await sounds.next({ side: "microphone", loud: false, afterMs: yes.atMs }, WITHIN_MS);
    const asks = await sounds.next({ side: "microphone", loud: true, afterMs: yesOver.atMs + 2_000 }, WITHIN_MS);
    const asked = await sounds.next({ side: "microphone", loud: false, afterMs: asks.atMs }, WITHIN_MS);
    let answer = await sounds.next({ side: "loudspeaker", loud: true, afterMs: asks.atMs }, WITHIN_MS);
    t.diagnostic(`the page sounds ${Math.round(answer.atMs - asked.atMs)} ms after the caller's last sound`);
    await page.locator("[aria-label=Transcript] li", { hasText: "Caller" }).first().waitFor();
    // An answer is speech, not a click: it lasts. A murmur, or a beginning that was given up, may come before it.
    let over = await sounds.next({ side: "loudspeaker", loud: false, afterMs: answer.atMs }, WITHIN_MS);
    while (over.atMs - answer.atMs <= 200) {
      answer = await sounds.next({ side: "loudspeaker", loud: true, afterMs: over.atMs }, WITHIN_MS);
      over = await sounds.next({ side: "loudspeaker", loud: false, afterMs: answer.atMs }, WITHIN_MS);
    }
  });

  it("keeps both sides: the replay opens from the page", LONG, async () => {
    await page.getByRole("button", { name: "Hang up" }).click();
    await page.getByRole("link", { name: "Replay it" }).click();
    await page.getByRole("img", { name: /Timeline/ }).waitFor();
  });
});
