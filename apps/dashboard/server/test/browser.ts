import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { WEB_ROOT } from "../app.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** A folder for pictures of every page, light and dark, wide and narrow. */
const SHOTS = process.env.SCREENSHOTS;
export const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

/** Why no browser can be used here; false when one can. */
export const noBrowser: string | false = !existsSync(CHROMIUM)
  ? "Chromium is not installed (apt-get install chromium)"
  : !existsSync(join(WEB_ROOT, "index.html"))
    ? "the web app is not built (npm run build -w apps/dashboard)"
    : false;

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...QUIET] });

interface Violation {
  id: string;
  impact: string;
  nodes: { target: string[] }[];
}

/** What axe finds serious or critical by WCAG 2.2 AA, in its own names. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(axe, "utf8"));
  const found = await page.evaluate<Violation[]>(
    `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }).then((found) => found.violations)`,
  );
  return found
    .filter((each) => each.impact === "serious" || each.impact === "critical")
    .map((each) => `${each.id} ${each.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

/** Two frames have been drawn since. */
const drawn = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))";

/** The page as it stands: no serious violation, not too wide; light and dark, wide and narrow. */
export async function looksWell(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const viewport of [NARROW, WIDE]) {
      await page.setViewportSize(viewport);
      await page.evaluate(drawn);
      const over = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      assert.ok(over <= 0, `${name} is ${over} px too wide at ${viewport.width}`);
      if (SHOTS) {
        mkdirSync(SHOTS, { recursive: true });
        await page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}-${viewport.width}.png`) });
      }
    }
    assert.deepEqual(await violations(page), [], `${name}, ${colorScheme}`);
  }
}
