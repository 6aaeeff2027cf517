import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort, TestProcess } from "@sidetone/testkit";
import { type Browser, chromium, type Page } from "playwright-core";
import { type Stack, type StackOptions, startStack } from "../stack.ts";

const root = join(import.meta.dirname, "..", "..");
const CHROMIUM = "/usr/bin/chromium";
const WEB_ROOT = join(root, "apps/dashboard/web/dist/index.html");
const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Why no browser can be used here; false when one can. */
export const noBrowser: string | false = !existsSync(CHROMIUM)
  ? "Chromium is not installed (apt-get install chromium)"
  : !existsSync(WEB_ROOT)
    ? "the web app is not built (npm run build -w apps/dashboard)"
    : false;

export interface RunningDashboard {
  url: string;
  /** Where the first admin makes their account. */
  joinUrl: string;
  process: TestProcess;
}

/** The dashboard as the process that `npm start` runs, over a data folder and a Redis. */
export async function runDashboard(
  env: { DATA_DIR: string; REDIS_URL: string } & Record<string, string>,
): Promise<RunningDashboard> {
  const port = env.DASHBOARD_PORT ?? `${await freePort()}`;
  const url = `http://127.0.0.1:${port}`;
  const process_ = await TestProcess.start(process.execPath, {
    args: [join(root, "apps/dashboard/src/main.ts")],
    env: { ...env, DASHBOARD_PORT: port, DASHBOARD_ORIGIN: url, LOG_LEVEL: "warn" },
    readyUrl: `${url}/health`,
    readyWithinMs: 60_000,
  });
  const joinUrl = (await process_.line(/\/join#/)).trim();
  return { url, joinUrl, process: process_ };
}

/** A browser whose microphone hears a WAV file, over and over, and whose loudspeaker can be listened to. */
export async function openBrowser(options: { microphone?: string } = {}): Promise<Browser> {
  const microphone = options.microphone
    ? [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${options.microphone}%noloop`,
      ]
    : [];
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [...FLAGS, ...QUIET, "--autoplay-policy=no-user-gesture-required", ...microphone],
  });
}

/** A change between sound and quiet: of the loudspeaker, or of the microphone. */
export interface SoundChange {
  side: "loudspeaker" | "microphone";
  loud: boolean;
  /** `Date.now()` of the page. */
  atMs: number;
}

/**
 * Runs in the page before its own scripts: whatever is connected to an audio context's destination is watched,
 * and so is what the microphone gives. What it notes is what a person would hear, worklets and buffers included.
 */
const WATCH_SOUND = `(() => {
  const connect = AudioNode.prototype.connect;
  const watch = (node, side) => {
    const analyser = new AnalyserNode(node.context, { fftSize: 256 });
    connect.call(node, analyser);
    const samples = new Float32Array(256);
    let loud = false;
    let quietSince = 0;
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      let peak = 0;
      for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
      const now = Date.now();
      if (peak > 0.02) {
        quietSince = now;
        if (!loud) globalThis.soundChanged({ side, loud: (loud = true), atMs: now });
      } else if (loud && now - quietSince > 300) {
        loud = false;
        globalThis.soundChanged({ side, loud, atMs: quietSince });
      }
    }, 5);
  };
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) watch(this, "loudspeaker");
    if (this instanceof MediaStreamAudioSourceNode) watch(this, "microphone");
    return connect.call(this, to, ...rest);
  };
})()`;

/** What sounded at a page so far, and waiting for more. */
export class Sounds {
  readonly changes: SoundChange[] = [];
  readonly #waiting = new Set<() => void>();

  take(change: SoundChange): void {
    this.changes.push(change);
    for (const look of [...this.#waiting]) look();
  }

  /** The first change of that kind after `afterMs`, now or when it comes. */
  next(wanted: { side: SoundChange["side"]; loud: boolean; afterMs: number }, withinMs: number): Promise<SoundChange> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`no ${JSON.stringify(wanted)} within ${withinMs} ms: ${JSON.stringify(this.changes)}`));
      }, withinMs);
      const look = (): void => {
        const found = this.changes.find(
          ({ side, loud, atMs }) => side === wanted.side && loud === wanted.loud && atMs > wanted.afterMs,
        );
        if (!found) return;
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** A page, signed in as the first admin. */
export async function openPage(browser: Browser, dashboard: RunningDashboard): Promise<{ page: Page; sounds: Sounds }> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    baseURL: dashboard.url,
    permissions: ["microphone"],
  });
  const sounds = new Sounds();
  await context.exposeFunction("soundChanged", (change: SoundChange) => sounds.take(change));
  await context.addInitScript(WATCH_SOUND);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(dashboard.joinUrl);
  await page.getByLabel("Your name").fill("Ada Lovelace");
  await page.getByLabel("Email").fill("ada@example.com");
  await page.getByLabel("Password").fill("ten characters");
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.waitForURL("**/phone");
  return { page, sounds };
}

/** The whole of Sidetone: a stack and its dashboard, over the same data, Redis and credentials. */
export interface WholeStack {
  stack: Stack;
  dashboard: RunningDashboard;
  close(): Promise<void>;
}

export async function startWhole(options: StackOptions = {}): Promise<WholeStack> {
  const port = await freePort();
  // The bridge lets browsers in from the dashboard's own pages only.
  const bridgeEnv = { DASHBOARD_ORIGIN: `http://127.0.0.1:${port}`, ...options.bridgeEnv };
  const stack = await startStack({ ...options, bridgeEnv });
  const bridgeUrl = new URL(stack.voiceUrl).origin;
  const close = async (): Promise<void> => {
    await dashboard?.process.stop();
    await stack.close();
  };
  let dashboard: RunningDashboard | undefined;
  try {
    dashboard = await runDashboard({
      DATA_DIR: stack.dataDir,
      REDIS_URL: stack.redisUrl,
      BRIDGE_URL: bridgeUrl,
      WORKER_URL: new URL(stack.metricsUrls.worker).origin,
      PUBLIC_URL: bridgeUrl,
      TWILIO_ACCOUNT_SID: stack.carrier.accountSid,
      TWILIO_AUTH_TOKEN: stack.carrier.authToken,
      DASHBOARD_PORT: `${port}`,
    });
    return { stack, dashboard, close };
  } catch (error) {
    await close();
    throw error;
  }
}
