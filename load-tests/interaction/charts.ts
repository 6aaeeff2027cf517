/** Charts as inline SVG: no script, colours from the page's custom properties, a title on every mark. */

const WIDTH = 760;
const LABEL_WIDTH = 172;
const ROW_HEIGHT = 34;

export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** The colour of a contender, as a class of the page. */
export const hueOf = (name: string): string => `c-${name.replaceAll(/[^a-z0-9-]/g, "-")}`;

interface Scale {
  (value: number): number;
  ticks: readonly number[];
}

function linear(low: number, high: number, from: number, to: number, step: number): Scale {
  const scale = (value: number) => from + ((value - low) / (high - low)) * (to - from);
  const ticks = Array.from({ length: Math.floor((high - low) / step + 1e-9) + 1 }, (_, i) => low + i * step);
  return Object.assign(scale, { ticks });
}

const svg = (height: number, label: string, body: string): string =>
  `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(label)}">${body}</svg>`;

export interface Distribution {
  name: string;
  valuesMs: readonly number[];
  p50: number;
  p95: number;
  /** How many of all there is no value for: never answered, never stopped. */
  missing: number;
}

/** One row a contender: a dot a stimulus, a bar at the median, a tick at p95. */
export function distributionChart(label: string, rows: readonly Distribution[], lowMs: number, highMs: number): string {
  const top = 8;
  const bottom = top + rows.length * ROW_HEIGHT;
  const x = linear(lowMs, highMs, LABEL_WIDTH, WIDTH - 70, 500);
  const grid = x.ticks.map(
    (tick) =>
      `<line class="grid${tick === 0 ? " zero" : ""}" x1="${x(tick)}" x2="${x(tick)}" y1="${top}" y2="${bottom}"/>` +
      `<text class="tick" x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
  );
  const marks = rows.map((row, index) => {
    const y = top + index * ROW_HEIGHT + ROW_HEIGHT / 2;
    const dots = row.valuesMs.map((value, i) => {
      const clipped = Math.max(lowMs, Math.min(highMs, value));
      const spread = ((i * 0.618034) % 1) * 14 - 7;
      return `<circle cx="${x(clipped).toFixed(1)}" cy="${(y + spread).toFixed(1)}" r="2.2"><title>${Math.round(value)} ms</title></circle>`;
    });
    const at = (value: number) => x(Math.max(lowMs, Math.min(highMs, value))).toFixed(1);
    const quantiles = Number.isFinite(row.p50)
      ? `<line class="median" x1="${at(row.p50)}" x2="${at(row.p50)}" y1="${y - 12}" y2="${y + 12}"><title>median ${Math.round(row.p50)} ms</title></line>` +
        `<line class="p95" x1="${at(row.p95)}" x2="${at(row.p95)}" y1="${y - 7}" y2="${y + 7}"><title>p95 ${Math.round(row.p95)} ms</title></line>`
      : "";
    const missing =
      row.missing > 0 ? `<text class="tick" x="${WIDTH - 62}" y="${y + 4}">none: ${row.missing}</text>` : "";
    return (
      `<g class="${hueOf(row.name)}"><text class="label" x="${LABEL_WIDTH - 12}" y="${y + 4}" text-anchor="end">${escapeHtml(row.name)}</text>` +
      `<g class="dots">${dots.join("")}</g>${quantiles}${missing}</g>`
    );
  });
  const axis = `<text class="tick" x="${LABEL_WIDTH}" y="${bottom + 32}">milliseconds; bar: median, tick: p95</text>`;
  return svg(bottom + 38, label, grid.join("") + marks.join("") + axis);
}

export interface Curve {
  name: string;
  points: readonly { latencyP50Ms: number; cutIns: number; extraMs: number }[];
}

/** Latency against cut-ins: the measured point as a dot, the same decisions carried out later as a line. */
export function curveChart(label: string, curves: readonly Curve[], highMs: number): string {
  const [left, right, top, bottom] = [56, WIDTH - 24, 12, 340];
  const most = Math.max(0.2, ...curves.flatMap(({ points }) => points.map(({ cutIns }) => cutIns)));
  const high = Math.min(1, Math.ceil(most * 5) / 5);
  const x = linear(0, highMs, left, right, 250);
  const y = linear(0, high, bottom, top, high > 0.5 ? 0.2 : 0.1);
  const grid = [
    ...x.ticks.map(
      (tick) =>
        `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${top}" y2="${bottom}"/><text class="tick" x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
    ),
    ...y.ticks.map(
      (tick) =>
        `<line class="grid" x1="${left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick" x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick.toFixed(1)}</text>`,
    ),
    `<rect class="aim" x="${x(0)}" y="${y(Math.min(0.08, high))}" width="${x(300) - x(0)}" height="${bottom - y(Math.min(0.08, high))}"><title>the aim: at most 300 ms and 8% of pauses</title></rect>`,
    `<text class="tick" x="${(left + right) / 2}" y="${bottom + 34}" text-anchor="middle">median response latency, ms</text>`,
    `<text class="tick" transform="translate(14 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">share of pauses cut into</text>`,
  ];
  const taken: { x: number; y: number }[] = [];
  const marks = curves
    .filter(({ points }) => points.length > 0)
    .map(({ name, points }) => {
      const inside = points.filter(({ latencyP50Ms }) => latencyP50Ms <= highMs);
      const [first = { latencyP50Ms: 0, cutIns: 0 }] = points;
      const path = inside
        .map(
          ({ latencyP50Ms, cutIns }, i) =>
            `${i === 0 ? "M" : "L"}${x(Math.max(0, latencyP50Ms)).toFixed(1)} ${y(cutIns).toFixed(1)}`,
        )
        .join(" ");
      const at = { x: x(Math.max(0, Math.min(highMs, first.latencyP50Ms))), y: y(first.cutIns) };
      const isLate = at.x > right - 110;
      const label = { x: isLate ? at.x - 9 : at.x + 9, y: at.y - 7 };
      // Where names would cover each other, the legend below has them all.
      const isCrowded = taken.some((other) => Math.abs(other.x - label.x) < 100 && Math.abs(other.y - label.y) < 15);
      if (!isCrowded) taken.push(label);
      const anchor = isLate ? ' text-anchor="end"' : "";
      const text = isCrowded
        ? ""
        : `<text class="label" x="${label.x}" y="${label.y}"${anchor}>${escapeHtml(name)}</text>`;
      const title = `${name}: ${Math.round(first.latencyP50Ms)} ms, ${first.cutIns.toFixed(2)} of pauses`;
      return `<g class="${hueOf(name)}"><path d="${path}"/><circle class="point" cx="${at.x.toFixed(1)}" cy="${at.y.toFixed(1)}" r="5"><title>${escapeHtml(title)}</title></circle>${text}</g>`;
    });
  const legend = curves.map(({ name, points: [measured] }) => {
    const values = measured
      ? `${Math.round(measured.latencyP50Ms)} ms, ${measured.cutIns.toFixed(2)}`
      : "never answers";
    return `<li><span class="chip ${hueOf(name)}">${escapeHtml(name)}</span> ${values}</li>`;
  });
  return `${svg(bottom + 44, label, grid.join("") + marks.join(""))}<ul class="legend">${legend.join("")}</ul>`;
}

/** A share as a bar with its interval, for a table's cell. */
export function shareBar({ value, low, high, n }: { value: number; low: number; high: number; n: number }): string {
  if (!Number.isFinite(value)) return '<span class="none">-</span>';
  const title = `${value.toFixed(2)}, 95% interval ${low.toFixed(2)} to ${high.toFixed(2)}, ${n} stimuli`;
  return (
    `<span class="share" title="${escapeHtml(title)}"><span class="bar"><i style="width:${(value * 100).toFixed(1)}%"></i>` +
    `<b style="left:${(low * 100).toFixed(1)}%;width:${((high - low) * 100).toFixed(1)}%"></b></span>${value.toFixed(2)}</span>`
  );
}
