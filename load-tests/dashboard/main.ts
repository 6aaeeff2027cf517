// `npm run bench:dashboard [-- --minutes 60 --calls 500 --seconds 20 --out docs/results/dashboard.md]`: what a person at
// the dashboard waits for, in Chromium, over the dashboard's own process, database and Redis.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { CALL_EVENTS_STREAM, type CallEvent } from "@sidetone/protocol";
import { openDatabase, upsertCall } from "@sidetone/store";
import { startRedis, tempFolder, writeMadeCall } from "@sidetone/testkit";
import { Redis } from "ioredis";
import type { Page } from "playwright-core";
import { noBrowser, openBrowser, openPage, type RunningDashboard, runDashboard } from "./browser-stack.ts";
import { LiveCallsFeed } from "./live-calls-feed.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    calls: { type: "string", default: "500" },
    seconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "5" },
    seed: { type: "string", default: "7" },
    out: { type: "string" },
  },
});
if (noBrowser) throw new Error(noBrowser);
const [minutes, calls, seconds, rounds] = [options.minutes, options.calls, options.seconds, options.rounds].map(
  Number,
) as [number, number, number, number];

const rows: { figure: string; value: string; aim: string }[] = [];
const note = (figure: string, value: string, aim = ""): void => {
  rows.push({ figure, value, aim });
  process.stdout.write(`${figure}: ${value}${aim && ` (aim: ${aim})`}\n`);
};
const ms = (value: number): string => `${Math.round(value)} ms`;
const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;

const folder = tempFolder("bench-dashboard");
const redis = await startRedis();
const CALL_ID = "hour";
const startedAt = "2026-05-01T10:00:00.000Z";
const tapePath = join(folder.path, "tapes", "2026", "05", "01", `${CALL_ID}.tape`);
await writeMadeCall(tapePath, { callId: CALL_ID, durationMs: minutes * 60_000, seed: Number(options.seed), startedAt });
const database = openDatabase(undefined, folder.path);
await database.migrate();
await upsertCall(database.db, {
  id: CALL_ID,
  from: "+441632960144",
  to: "+15550100",
  playbookId: "retail-order-support",
  startedAt,
  durationMs: minutes * 60_000,
  outcome: "contained",
  tapePath,
});
await database.close();

const dashboard = await runDashboard({ DATA_DIR: folder.path, REDIS_URL: redis.url });
const browser = await openBrowser();
try {
  const { page } = await openPage(browser, dashboard);
  await firstLoad(page, dashboard);
  await replay(page);
  await live(page);
  bundle();
} finally {
  await browser.close();
  await dashboard.process.stop();
  await redis.close();
  folder.remove();
}
if (options.out) writeFileSync(options.out, report());

/** Signed in, nothing cached: from the address to a Phone page that can be pressed. */
async function firstLoad(page: Page, running: RunningDashboard): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const took: number[] = [];
  let bytes = 0;
  await client.send("Network.enable");
  client.on("Network.loadingFinished", (event) => {
    bytes += event.encodedDataLength;
  });
  for (let round = 0; round < rounds; round++) {
    await client.send("Network.clearBrowserCache");
    bytes = 0;
    const from = performance.now();
    await page.goto(`${running.url}/phone`);
    await page.getByRole("button", { name: "Call", exact: true }).waitFor();
    took.push(performance.now() - from);
  }
  note("First load, nothing cached, until Call can be pressed", ms(quantile(took, 0.5)));
  note("First load, bytes over the wire", `${Math.round(bytes / 1024)} KiB`);
}

/** From the list: press a call, see its timeline. */
async function openReplay(page: Page): Promise<number> {
  await page.goto("/calls");
  await page.locator("[data-call-row]").first().waitFor();
  const from = performance.now();
  await page.locator("[data-call-row]").first().click();
  await page.getByRole("img", { name: /Timeline/ }).waitFor();
  return performance.now() - from;
}

async function replay(page: Page): Promise<void> {
  const derived = join(folder.path, "replays", CALL_ID);
  const first: number[] = [];
  const again: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // As if no dashboard had run when the call ended. A pause for the derivation that the start itself began.
    await page.request.get(`/api/calls/${CALL_ID}/replay`);
    rmSync(derived, { recursive: true });
    const sight = await openReplay(page);
    first.push(sight);
    again.push(await openReplay(page));
  }
  note(
    `A ${minutes}-minute call opens, nothing derived yet`,
    `${ms(quantile(first, 0.5))}, worst ${ms(Math.max(...first))}`,
    "1.5 s",
  );
  note(
    `A ${minutes}-minute call opens, derived at its end`,
    `${ms(quantile(again, 0.5))}, worst ${ms(Math.max(...again))}`,
    "1.5 s",
  );

  for (const [title, prepare, key] of [
    ["Scrolling at the zoom at which words are read", "", ""],
    ["Scrolling with the spectrogram", "f", "f"],
    ["Scrolling with the whole call in sight", "-", ""],
  ] as const) {
    if (prepare === "-") for (let i = 0; i < 20; i++) await page.keyboard.press("-");
    else if (prepare) await page.keyboard.press(prepare);
    const frames = await scroll(page);
    if (key) await page.keyboard.press(key);
    const slow = frames.filter((each) => each > 1.5 * (1000 / 60)).length;
    note(
      title,
      `${(1000 / quantile(frames, 0.5)).toFixed(0)} frames/s, 99% within ${quantile(frames, 0.99).toFixed(1)} ms, ${slow} of ${frames.length} late`,
      "60 frames/s",
    );
  }
}

/** Times between the frames of the screen while the wheel turns over the timeline, milliseconds. */
async function scroll(page: Page): Promise<number[]> {
  const box = await page.getByRole("img", { name: /Timeline/ }).boundingBox();
  if (!box) throw new Error("The timeline is not to be seen.");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.evaluate(`globalThis.frames_ = []; globalThis.scrolling_ = true; (function next(at) {
    globalThis.frames_.push(at);
    if (globalThis.scrolling_) requestAnimationFrame(next);
  })(performance.now());`);
  for (let i = 0; i < 120; i++) await page.mouse.wheel(i % 2 === 0 ? 160 : 90, 0);
  const at = await page.evaluate<number[]>("globalThis.scrolling_ = false; globalThis.frames_");
  return at.slice(1).map((each, i) => each - (at[i] ?? each));
}

/** Hundreds of calls that talk: what a tab that shows them costs, and whether a tab that does not read costs the server. */
async function live(page: Page): Promise<void> {
  const publisher = new Redis(redis.url);
  const publish = async (events: readonly CallEvent[]): Promise<void> => {
    const pipeline = publisher.pipeline();
    for (const event of events)
      pipeline.xadd(CALL_EVENTS_STREAM, "MAXLEN", "~", 100_000, "*", "json", JSON.stringify(event));
    await pipeline.exec();
  };
  const feed = new LiveCallsFeed(calls);
  await publish(feed.started());
  await page.goto("/live");
  await page.getByText(`${calls} calls`).waitFor();
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable");
  const busy = async (): Promise<{ script: number; task: number }> => {
    const { metrics } = await client.send("Performance.getMetrics");
    const of = (name: string) => metrics.find((each) => each.name === name)?.value ?? 0;
    return { script: of("ScriptDuration"), task: of("TaskDuration") };
  };
  const measure = async (): Promise<{ events: number; task: number; server: number }> => {
    const before = { busy: await busy(), cpu: cpuSecondsOf(dashboard.process.pid) };
    const from = performance.now();
    let events = 0;
    while (performance.now() - from < seconds * 1_000) {
      const tickFrom = performance.now();
      const batch = feed.tick();
      await publish(batch);
      events += batch.length;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 100 - (performance.now() - tickFrom))));
    }
    const took = (performance.now() - from) / 1_000;
    const after = { busy: await busy(), cpu: cpuSecondsOf(dashboard.process.pid) };
    return {
      events: events / took,
      task: (after.busy.task - before.busy.task) / took,
      server: (after.cpu - before.cpu) / took,
    };
  };
  const quick = await measure();
  note(`${calls} live calls: events`, `${Math.round(quick.events)}/s`);
  note(`${calls} live calls: the tab's main thread`, `${Math.round(quick.task * 100)}% of one core`, "30%");
  note(`${calls} live calls: the dashboard's process`, `${Math.round(quick.server * 100)}% of one core`);

  // A second tab that reads nothing any more: its page is stopped, its socket stays open.
  const stalled = await page.context().newPage();
  await stalled.goto("/live");
  await stalled.getByText(`${calls} calls`).waitFor();
  const stopper = await stalled.context().newCDPSession(stalled);
  await stopper.send("Debugger.enable");
  await stopper.send("Debugger.pause");
  void stalled.evaluate("1").catch(() => undefined);
  const slow = await measure();
  note(
    "The same with a second tab that stands still: the dashboard's process",
    `${Math.round(slow.server * 100)}% of one core`,
  );
  const health = performance.now();
  await page.request.get("/api/live");
  note("The same: an answer of the API", ms(performance.now() - health));
  publisher.disconnect();
}

/** Processor seconds of a process so far, from Linux' /proc. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function bundle(): void {
  const assets = join(import.meta.dirname, "../../apps/dashboard/web/dist/assets");
  const sizes = readdirSync(assets)
    .filter((name) => /\.(js|css)$/.test(name))
    .map((name) => ({ name, bytes: gzipSync(readFileSync(join(assets, name))).length }));
  const sum = sizes.reduce((total, each) => total + each.bytes, 0);
  const entry = sizes.filter((each) => /^index-/.test(each.name)).reduce((total, each) => total + each.bytes, 0);
  note("Scripts and styles of all pages, gzip", `${Math.round(sum / 1024)} KiB`);
  note("Scripts and styles of the frame that every page has, gzip", `${Math.round(entry / 1024)} KiB`);
}

function report(): string {
  const command = `npm run bench:dashboard -- ${process.argv.slice(2).join(" ")}`.trim();
  return [
    "# The dashboard, measured",
    "",
    `\`${command}\` on ${cpus()[0]?.model ?? "an unknown processor"} with ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}.`,
    `Chromium without a graphics card; medians of ${rounds} rounds. The tape is made by \`packages/testkit/src/fixtures/made-call.ts\`, seed ${options.seed}.`,
    "",
    "| figure | measured | aim |",
    "| --- | --- | --- |",
    ...rows.map(({ figure, value, aim }) => `| ${figure} | ${value} | ${aim} |`),
    "",
  ].join("\n");
}
