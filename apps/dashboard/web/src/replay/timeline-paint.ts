import { moment as timeLabel } from "../format.ts";
import { type Columns, FLOOR_AGENT, FLOOR_CALLER, FLOOR_WITHHELD, HOP_MS, levelFor } from "./columns.ts";
import type { CallComment, Happening, Replay } from "./replay-data.ts";
import { SPECTROGRAM_MAX_MS, TILE_MS, type Tile } from "./spectrogram.ts";

/** What part of the call is in sight. */
export interface View {
  startMs: number;
  msPerPx: number;
}

export interface Palette {
  ink: string;
  soft: string;
  faint: string;
  line: string;
  panel: string;
  sunken: string;
  caller: string;
  agent: string;
  callerInk: string;
  agentInk: string;
  accent: string;
  good: string;
  warn: string;
  bad: string;
}

export const DECISION_COLOURS: Record<string, keyof Palette> = {
  listen: "line",
  begin: "agent",
  backchannel: "good",
  hold: "agentInk",
  duck: "warn",
  yield: "bad",
};

export interface Scene {
  replay: Replay;
  columns: Columns;
  happenings: readonly Happening[];
  comments: readonly CallComment[];
  view: View;
  atMs: number;
  loop: { fromMs: number; toMs: number | undefined } | undefined;
  /** Scores of the hops in sight, when they are shown: `[hop][score]`. */
  scores: { fromHop: number; perHop: number; values: Float32Array }[] | undefined;
  /** Tiles of the spectrogram in sight by their index, when it is shown. */
  spectrogram: ReadonlyMap<number, Tile> | undefined;
}

/** Lanes from the top, in CSS pixels. */
export const LANES = {
  ruler: { top: 0, height: 22 },
  callerWords: { top: 24, height: 18 },
  caller: { top: 42, height: 62 },
  floor: { top: 108, height: 8 },
  decision: { top: 118, height: 8 },
  agent: { top: 130, height: 62 },
  agentWords: { top: 192, height: 18 },
  tasks: { top: 214, height: 18 },
  marks: { top: 236, height: 16 },
} as const;
const BASE_HEIGHT = 256;
const SCORES_HEIGHT = 84;
const SPECTROGRAM_HEIGHT = 72;
const GAP = 4;

/** Where the lanes lie that are not always shown, and how high all of it is. */
export function extraLanes(shown: { scores: boolean; spectrogram: boolean }) {
  let top = BASE_HEIGHT;
  const lane = (on: boolean, height: number) => {
    const at = { top, height };
    if (on) top += height + GAP;
    return at;
  };
  const caller = lane(shown.spectrogram, SPECTROGRAM_HEIGHT);
  const agent = lane(shown.spectrogram, SPECTROGRAM_HEIGHT);
  const scores = lane(shown.scores, SCORES_HEIGHT);
  return { caller, agent, scores, height: top };
}

interface Lane {
  top: number;
  height: number;
}

const MOST_ASIDE_PX = 60;
const FONT = '500 11px "Inter Variable", sans-serif';

/** Draws what is in sight and nothing else: the cost does not grow with the call. */
export function paint(
  pen: CanvasRenderingContext2D,
  width: number,
  height: number,
  scene: Scene,
  palette: Palette,
): void {
  pen.clearRect(0, 0, width, height);
  pen.font = FONT;
  pen.textBaseline = "middle";
  ruler(pen, width, height, scene.view, palette);
  const peaks = levelFor(scene.columns, scene.view.msPerPx / (HOP_MS / 2));
  const peakMs = (HOP_MS / 2) * peaks.factor;
  const { callerMin, callerMax, agentMin, agentMax } = peaks.level;
  wave(pen, width, scene, LANES.caller, callerMin, callerMax, peakMs, palette.caller);
  wave(pen, width, scene, LANES.agent, agentMin, agentMax, peakMs, palette.agent);
  ribbons(pen, width, scene, palette);
  wordLanes(pen, width, scene, palette);
  tasks(pen, width, scene, palette);
  marks(pen, width, scene, palette);
  const extra = extraLanes({ scores: scene.scores !== undefined, spectrogram: scene.spectrogram !== undefined });
  if (scene.spectrogram) spectrogram(pen, width, scene, scene.spectrogram, extra, palette);
  if (scene.scores) scoreLines(pen, width, scene, extra.scores, palette);
  loop(pen, height, scene, palette);
  const x = (scene.atMs - scene.view.startMs) / scene.view.msPerPx;
  if (x >= -1 && x <= width + 1) {
    pen.fillStyle = palette.ink;
    pen.fillRect(Math.round(x), 0, 1.5, height);
    pen.beginPath();
    pen.moveTo(x - 4, 0);
    pen.lineTo(x + 5.5, 0);
    pen.lineTo(x + 0.75, 7);
    pen.fill();
  }
}

const WORDS_MS_PER_PX = 120;
/** No turn is longer; a line that began before this cannot reach into sight. */
const LONGEST_LINE_MS = 120_000;

/** The first of a list in order whose time is `ms` or later. */
function firstFrom<T>(list: readonly T[], timeOf: (item: T) => number, ms: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(list[middle] as T) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

const STEPS_MS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000];

function ruler(pen: CanvasRenderingContext2D, width: number, height: number, view: View, palette: Palette): void {
  const step = STEPS_MS.find((ms) => ms / view.msPerPx >= 80) ?? 1_200_000;
  const { top, height: lane } = LANES.ruler;
  for (let ms = Math.ceil(view.startMs / step) * step; ; ms += step) {
    const x = (ms - view.startMs) / view.msPerPx;
    if (x > width) break;
    pen.fillStyle = palette.line;
    pen.fillRect(Math.round(x), top + lane, 1, height - lane);
    pen.fillStyle = palette.faint;
    pen.fillText(step < 1_000 ? timeLabel(ms) : timeLabel(ms).slice(0, -2), x + 4, top + lane / 2 + 1);
  }
}

/** Columns per pixel or pixels per column: the extremes of what falls on each pixel. */
function wave(
  pen: CanvasRenderingContext2D,
  width: number,
  scene: Scene,
  lane: Lane,
  min: Int8Array,
  max: Int8Array,
  peakMs: number,
  colour: string,
): void {
  const middle = lane.top + lane.height / 2;
  const scale = lane.height / 2 / 127;
  pen.fillStyle = colour;
  pen.globalAlpha = 0.25;
  pen.fillRect(0, middle, width, 1);
  pen.globalAlpha = 1;
  for (let x = 0; x < width; x++) {
    const from = Math.floor((scene.view.startMs + x * scene.view.msPerPx) / peakMs);
    const to = Math.max(from + 1, Math.ceil((scene.view.startMs + (x + 1) * scene.view.msPerPx) / peakMs));
    if (to <= 0 || from >= max.length) continue;
    let low = 0;
    let high = 0;
    for (let i = Math.max(0, from); i < Math.min(to, max.length); i++) {
      low = Math.min(low, min[i] as number);
      high = Math.max(high, max[i] as number);
    }
    // Telephone speech is quiet: the root brings it up without clipping what is loud.
    const up = Math.sqrt(high / 127) * 127 * scale;
    const down = Math.sqrt(-low / 127) * 127 * scale;
    if (up + down > 1) pen.fillRect(x, middle - up, 1, up + down);
  }
}

function ribbons(pen: CanvasRenderingContext2D, width: number, scene: Scene, palette: Palette): void {
  const { view, columns, replay } = scene;
  const { floor, decision } = LANES;
  const { level, factor } = levelFor(columns, view.msPerPx / HOP_MS);
  const stepMs = HOP_MS * factor;
  const steps = level.floor.length;
  pen.fillStyle = palette.sunken;
  pen.fillRect(0, floor.top, width, floor.height);
  pen.fillRect(0, decision.top, width, decision.height);
  let runFrom = 0;
  let runKey = -1;
  const flush = (to: number): void => {
    if (runKey < 0 || to <= runFrom) return;
    const floorBits = runKey >> 8;
    const decided = runKey & 0xff;
    const talks = floorBits & 3;
    if (talks === (FLOOR_CALLER | FLOOR_AGENT)) {
      pen.fillStyle = palette.caller;
      pen.fillRect(runFrom, floor.top, to - runFrom, floor.height / 2);
      pen.fillStyle = palette.agent;
      pen.fillRect(runFrom, floor.top + floor.height / 2, to - runFrom, floor.height / 2);
    } else if (talks) {
      pen.fillStyle = talks === FLOOR_CALLER ? palette.caller : palette.agent;
      pen.fillRect(runFrom, floor.top, to - runFrom, floor.height);
    }
    if (floorBits & FLOOR_WITHHELD) {
      pen.fillStyle = palette.faint;
      pen.fillRect(runFrom, floor.top + 3, to - runFrom, 2);
    }
    const name = replay.decisions[decided];
    if (name && name !== "listen") {
      pen.fillStyle = palette[DECISION_COLOURS[name] ?? "faint"];
      pen.fillRect(runFrom, decision.top, to - runFrom, decision.height);
    }
  };
  for (let x = 0; x < width; x++) {
    const from = Math.max(0, Math.floor((view.startMs + x * view.msPerPx) / stepMs));
    const to = Math.max(from + 1, Math.ceil((view.startMs + (x + 1) * view.msPerPx) / stepMs));
    let bits = 0;
    let decided = 0;
    for (let at = from; at < Math.min(to, steps); at++) {
      bits |= level.floor[at] as number;
      // The rarest decision in sight wins: a yield must not vanish when one zooms out.
      const each = level.decision[at] as number;
      if (each !== 255 && each > decided) decided = each;
    }
    const key = from >= steps ? -1 : (bits << 8) | decided;
    if (key === runKey) continue;
    flush(x);
    runFrom = x;
    runKey = key;
  }
  flush(width);
}

function wordLanes(pen: CanvasRenderingContext2D, width: number, scene: Scene, palette: Palette): void {
  const { view } = scene;
  const endMs = view.startMs + width * view.msPerPx;
  const legible = view.msPerPx < 22;
  // Words that would run into those before them move aside a little; further on they become ticks.
  const freeFrom = { caller: Number.NEGATIVE_INFINITY, agent: Number.NEGATIVE_INFINITY };
  const { lines } = scene.replay;
  for (let index = firstFrom(lines, (line) => line.startMs, view.startMs - LONGEST_LINE_MS); ; index++) {
    const line = lines[index];
    if (!line || line.startMs > endMs) break;
    if (line.endMs < view.startMs - 5_000) continue;
    const lane = line.who === "agent" ? LANES.agentWords : LANES.callerWords;
    const middle = lane.top + lane.height / 2;
    if (line.who === "supervisor") continue;
    const ink = line.who === "agent" ? palette.agentInk : palette.callerInk;
    if (view.msPerPx > WORDS_MS_PER_PX) {
      // From here a word is less than a pixel: a turn is one stroke.
      pen.fillStyle = ink;
      pen.globalAlpha = 0.5;
      const from = (line.startMs - view.startMs) / view.msPerPx;
      pen.fillRect(from, middle - 1.5, Math.max(1, (line.endMs - line.startMs) / view.msPerPx), 3);
      pen.globalAlpha = 1;
      continue;
    }
    for (const word of line.words) {
      const x = (word.startMs - view.startMs) / view.msPerPx;
      const until = (word.endMs - view.startMs) / view.msPerPx;
      if (until < -80 || x > width) continue;
      pen.fillStyle = word.heard ? ink : palette.faint;
      const at = Math.max(x, freeFrom[line.who]);
      if (!legible || at - x > MOST_ASIDE_PX) {
        pen.globalAlpha = 0.5;
        pen.fillRect(x, legible ? middle + 7 : middle - 1.5, Math.max(1, until - x - 1), legible ? 2 : 3);
        pen.globalAlpha = 1;
        continue;
      }
      const length = pen.measureText(word.text).width;
      pen.fillText(word.text, at, middle);
      if (!word.heard) pen.fillRect(at, middle, length, 1);
      freeFrom[line.who] = at + length + 4;
    }
  }
}

function tasks(pen: CanvasRenderingContext2D, width: number, scene: Scene, palette: Palette): void {
  const { view } = scene;
  const lane = LANES.tasks;
  for (const task of scene.replay.tasks) {
    const x = (task.delegatedMs - view.startMs) / view.msPerPx;
    const until = ((task.endMs ?? scene.replay.durationMs) - view.startMs) / view.msPerPx;
    if (until < 0 || x > width) continue;
    const colour =
      task.outcome === "found"
        ? palette.good
        : /failed|timed-out|expired/.test(task.outcome)
          ? palette.bad
          : palette.accent;
    pen.fillStyle = colour;
    pen.globalAlpha = 0.22;
    pen.beginPath();
    pen.roundRect(x, lane.top + 1, Math.max(3, until - x), lane.height - 2, 4);
    pen.fill();
    pen.globalAlpha = 1;
    pen.fillRect(x, lane.top + 1, 2, lane.height - 2);
    pen.fillStyle = palette.ink;
    if (view.msPerPx < 60) pen.fillText(task.kind, Math.max(x, 0) + 7, lane.top + lane.height / 2 + 0.5);
  }
}

function marks(pen: CanvasRenderingContext2D, width: number, scene: Scene, palette: Palette): void {
  const { view } = scene;
  const middle = LANES.marks.top + LANES.marks.height / 2;
  const tones = {
    neutral: palette.faint,
    accent: palette.accent,
    good: palette.good,
    warn: palette.warn,
    bad: palette.bad,
  };
  // Dots that would lie on each other are one: from far away there are thousands.
  const lastX = new Map<string, number>();
  for (let index = firstFrom(scene.happenings, (each) => each.atMs, view.startMs - 5 * view.msPerPx); ; index++) {
    const each = scene.happenings[index];
    if (!each) break;
    const x = (each.atMs - view.startMs) / view.msPerPx;
    if (x > width + 5) break;
    if (x - (lastX.get(each.tone) ?? -10) < 1.5) continue;
    lastX.set(each.tone, x);
    pen.fillStyle = tones[each.tone];
    pen.beginPath();
    pen.arc(x, middle, each.kind === "task" ? 2 : 3, 0, 2 * Math.PI);
    pen.fill();
  }
  for (const comment of scene.comments) {
    const x = (comment.atMs - view.startMs) / view.msPerPx;
    if (x < -8 || x > width + 8) continue;
    pen.fillStyle = palette.accent;
    pen.beginPath();
    pen.roundRect(x - 5, middle - 6, 10, 9, 2.5);
    pen.fill();
    pen.beginPath();
    pen.moveTo(x - 2, middle + 2.5);
    pen.lineTo(x, middle + 6.5);
    pen.lineTo(x + 2, middle + 2.5);
    pen.fill();
  }
}

function spectrogram(
  pen: CanvasRenderingContext2D,
  width: number,
  scene: Scene,
  tiles: ReadonlyMap<number, Tile>,
  lanes: { caller: Lane; agent: Lane },
  palette: Palette,
): void {
  const { view } = scene;
  for (const lane of [lanes.caller, lanes.agent]) {
    pen.fillStyle = palette.sunken;
    pen.fillRect(0, lane.top, width, lane.height);
  }
  if (width * view.msPerPx > SPECTROGRAM_MAX_MS) {
    pen.fillStyle = palette.faint;
    pen.fillText("Go closer to see the spectrogram", 12, lanes.caller.top + lanes.caller.height / 2);
    return;
  }
  for (const [index, tile] of tiles) {
    const x = (index * TILE_MS - view.startMs) / view.msPerPx;
    const length = TILE_MS / view.msPerPx;
    pen.drawImage(tile[0], x, lanes.caller.top, length, lanes.caller.height);
    pen.drawImage(tile[1], x, lanes.agent.top, length, lanes.agent.height);
  }
  pen.fillStyle = palette.faint;
  for (const lane of [lanes.caller, lanes.agent]) {
    pen.fillText("4 kHz", 4, lane.top + 8);
    pen.fillText("2", 4, lane.top + lane.height / 2);
  }
}

function scoreLines(pen: CanvasRenderingContext2D, width: number, scene: Scene, lane: Lane, palette: Palette): void {
  const { view, replay } = scene;
  pen.fillStyle = palette.sunken;
  pen.fillRect(0, lane.top, width, lane.height);
  for (const [index, name] of replay.decisions.entries()) {
    if (name === "listen") continue;
    pen.strokeStyle = palette[DECISION_COLOURS[name] ?? "faint"];
    pen.lineWidth = 1.25;
    pen.beginPath();
    for (const part of scene.scores ?? []) {
      const hops = part.values.length / part.perHop;
      const first = Math.max(0, Math.floor(view.startMs / HOP_MS) - part.fromHop);
      const last = Math.min(hops, Math.ceil((view.startMs + width * view.msPerPx) / HOP_MS) - part.fromHop);
      const stride = Math.max(1, Math.floor(view.msPerPx / HOP_MS));
      for (let hop = first; hop < last; hop += stride) {
        const x = ((part.fromHop + hop) * HOP_MS - view.startMs) / view.msPerPx;
        const y = lane.top + lane.height - 3 - (part.values[hop * part.perHop + index] as number) * (lane.height - 6);
        if (hop === first) pen.moveTo(x, y);
        else pen.lineTo(x, y);
      }
    }
    pen.stroke();
  }
}

function loop(pen: CanvasRenderingContext2D, height: number, scene: Scene, palette: Palette): void {
  if (!scene.loop) return;
  const { view } = scene;
  const from = (scene.loop.fromMs - view.startMs) / view.msPerPx;
  const to = ((scene.loop.toMs ?? scene.atMs) - view.startMs) / view.msPerPx;
  pen.fillStyle = palette.accent;
  pen.globalAlpha = 0.12;
  pen.fillRect(from, 0, to - from, height);
  pen.globalAlpha = 1;
  pen.fillRect(from, 0, 1, height);
  if (scene.loop.toMs !== undefined) pen.fillRect(to, 0, 1, height);
}
