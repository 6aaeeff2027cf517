import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { decodeUlaw } from "@sidetone/audio";
import { type Call, type CallerStep, speak, tempFolder } from "@sidetone/testkit";
import type { Browser, Page } from "playwright-core";
import { noBrowser, openBrowser, openPage, type Sounds, startWhole, type WholeStack } from "./browser-stack.ts";
import { microphoneWav, toneUlaw } from "./tone.ts";

const LONG = { timeout: 280_000 };
const WITHIN_MS = 60_000;
const CALLER = "+441632960177";
const PROBED = "+441632960188";

describe("steering a live call from the dashboard, over the real stack", { skip: noBrowser }, () => {
  const folder = tempFolder("supervisor");
  let whole: WholeStack;
  let browser: Browser;
  let page: Page;
  let sounds: Sounds;
  let call: Call;
  /** `agent` whenever the caller begins to hear somebody; `probe` when the caller's tone leaves. */
  const ear = new EventEmitter();

  const place = (from: string, steps: readonly CallerStep[]): Call =>
    whole.stack.carrier.placeCall({
      from,
      to: "+15550100",
      voiceUrl: whole.stack.voiceUrl,
      steps,
      onEvent: (event) => {
        if (event.type === "agent" && event.speaks) ear.emit(`heard ${from}`);
        if (event.type === "caller" && event.step.do === "speak") ear.emit(`probe ${from}`, Date.now());
      },
    });
  const hearsSomebody = () => once(ear, `heard ${CALLER}`, { signal: AbortSignal.timeout(WITHIN_MS) });
  const open = async (number: string) => {
    await page.goto("/live");
    await page.getByRole("link", { name: new RegExp(number.slice(-4)) }).click();
    await page.getByRole("button", { name: "Take over" }).waitFor();
  };
  const agentLine = (text: RegExp) =>
    page.locator("[aria-label=Transcript] li", { hasText: "Agent" }).filter({ hasText: text });
  const whisper = async (text: string) => {
    await page.getByLabel("Whisper to the agent").fill(text);
    await page.keyboard.press("Enter");
  };

  before(async () => {
    const ulaw = await speak("Hello, this is the supervisor. I will help you myself from here on. One moment please.");
    const voice = new Int16Array(ulaw.length);
    decodeUlaw(ulaw, voice);
    const microphone = join(folder.path, "supervisor.wav");
    writeFileSync(microphone, microphoneWav([500, voice, 500, voice, 500, voice, 500, voice, 60_000]));
    whole = await startWhole({ podEnv: { POD_CAPACITY: "4" } });
    browser = await openBrowser({ microphone });
    ({ page, sounds } = await openPage(browser, whole.dashboard));
    const greeted = hearsSomebody();
    call = place(CALLER, [
      { do: "listen", quietMs: 1_500, atMostMs: 30_000 },
      { do: "speak", audio: await speak("yes that's fine") },
      { do: "pause", ms: 600_000 },
    ]);
    await greeted;
  }, LONG);
  after(async () => {
    call?.hangUp();
    await browser?.close();
    await whole?.close();
    folder.remove();
  }, LONG);

  it("a whisper with say: is what the agent says next", LONG, async () => {
    await open(CALLER);
    await whisper("say: Your parcel is on the blue van.");
    await page.getByText("The agent has it.").waitFor();
    await agentLine(/parcel is on the blue van/i).waitFor();
  });

  it("a supervisor who takes over is heard by the caller, and the agent keeps quiet", LONG, async () => {
    await page.getByRole("button", { name: "Take over" }).click();
    await page.getByText("You are the agent's voice now").waitFor();
    const lines = await page.locator("[aria-label=Transcript] li", { hasText: "Agent" }).count();
    await hearsSomebody();
    assert.equal(await page.locator("[aria-label=Transcript] li", { hasText: "Agent" }).count(), lines);
  });

  it("hands back: the agent speaks again", LONG, async () => {
    await page.getByRole("button", { name: "Hand back" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Hand back" }).click();
    await page.getByRole("button", { name: "Take over" }).waitFor();
    const heard = hearsSomebody();
    await whisper("say: I am back on the line with you.");
    await agentLine(/back on the line/i).waitFor();
    await heard;
    call.hangUp();
    await page.getByText("The call has ended.").first().waitFor();
  });

  it("listens in", LONG, async (t) => {
    const tone = toneUlaw(700, 300);
    const probe: CallerStep[] = [
      { do: "pause", ms: 1_700 },
      { do: "speak", audio: tone, label: "probe" },
    ];
    const sentAtMs: number[] = [];
    ear.on(`probe ${PROBED}`, (atMs: number) => sentAtMs.push(atMs));
    const probed = place(PROBED, [...Array.from({ length: 20 }, () => probe).flat(), { do: "hang-up" }]);
    await open(PROBED);
    await page.getByRole("button", { name: "Listen" }).click();
    await sounds.next({ side: "loudspeaker", loud: true, afterMs: 0 }, WITHIN_MS);
    await probed.ended;
    const changes = sounds.changes.filter((each) => each.side === "loudspeaker");
    // While the agent talks the loudspeaker sounds already, and nothing can be told from it.
    const delays = sentAtMs.flatMap((sentMs) => {
      const before = changes.findLast((each) => each.atMs < sentMs);
      const heard = changes.find((each) => each.loud && each.atMs >= sentMs && each.atMs < sentMs + 1_500);
      return heard && before && !before.loud ? [heard.atMs - sentMs] : [];
    });
    delays.sort((a, b) => a - b);
    t.diagnostic(`heard at the page ${delays.map((ms) => Math.round(ms)).join(", ")} ms after it left the caller`);
  });
});
