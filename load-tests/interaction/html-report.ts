import { curveChart, type Distribution, distributionChart, escapeHtml, hueOf, shareBar } from "./charts.ts";
import { HTML_STYLE } from "./html-style.ts";
import { SCENARIOS, type Scenario } from "./judge.ts";
import type { Measured } from "./measure.ts";
import { percent, type Reports, ROWS, type RunFacts, rate, targetsOf, whereOthersWin, words } from "./report.ts";
import { quantile } from "./statistics.ts";

type JudgedBy = Readonly<Record<string, readonly Measured[]>>;

const OVERLAPS = ["backchannel", "talking-to-others", "background-speech"] as const;

/** The whole report as one page without anything from elsewhere; recordings of failures lie beside it. */
export function htmlReport(facts: RunFacts, reports: Reports, judged: JudgedBy): string {
  const sections = [
    aims(reports),
    contenders(reports),
    section(
      "Waiting against cutting in",
      "How long callers wait for an answer, and in how many of their pauses they are cut off. A dot is what was measured; its line is what the same decisions would give if each were carried out later. Nearer to the lower left is better; the shaded corner is the aim.",
      curveChart(
        "Median response latency against the share of pauses cut into",
        Object.entries(reports).map(([name, { curve }]) => ({ name, points: curve })),
        2_500,
      ),
    ),
    section(
      "Response latency",
      "From the caller's last sound to the agent's first, smooth turns. Left of zero the agent cut in. Not clipped but for the drawing.",
      distributionChart("Response latency", distributions(reports, judged, "smooth-turn"), -1_000, 3_000),
    ),
    section(
      "Yield latency",
      "From the caller's first sound over the agent to the agent's silence.",
      distributionChart("Yield latency", distributions(reports, judged, "interruption"), 0, 2_000),
    ),
    overlaps(reports),
    figuresTable(reports),
    scenariosTable(reports),
    others(reports),
    understanding(reports),
    failures(judged),
  ];
  const subtitle = `Up to ${facts.perScenario} stimuli a scenario (${facts.stimuli}), seed ${facts.seed}, over the carrier's protocol, measured at the caller's ear. 95% bootstrap intervals.`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Interaction benchmark</title><style>${HTML_STYLE}</style></head><body><main>
<header><h1>Interaction benchmark</h1><p>${escapeHtml(subtitle)}</p>
<dl><div><dt>Machine</dt><dd>${escapeHtml(facts.machine)}</dd></div><div><dt>Commit</dt><dd>${escapeHtml(facts.commit)}</dd></div>
<div><dt>When</dt><dd>${escapeHtml(facts.startedAt.slice(0, 16).replace("T", " "))} to ${escapeHtml(facts.endedAt.slice(11, 16))} UTC</dd></div>
<div><dt>Command</dt><dd><code>${escapeHtml(facts.command)}</code></dd></div></dl></header>
${sections.join("\n")}
</main></body></html>
`;
}

const section = (title: string, about: string, body: string): string =>
  `<section><h2>${escapeHtml(title)}</h2><p>${escapeHtml(about)}</p>${body}</section>`;

const chip = (name: string): string => `<span class="chip ${hueOf(name)}">${escapeHtml(name)}</span>`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="wide"><table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join("")}</tr></thead><tbody>${rows
    .map((cells) => `<tr>${cells.map((cell, i) => (i === 0 ? `<th>${cell}</th>` : `<td>${cell}</td>`)).join("")}</tr>`)
    .join("")}</tbody></table></div>`;

function aims(reports: Reports): string {
  const ours = reports.sidetone;
  const targets = targetsOf(reports);
  if (!ours) return "";
  const tile = (state: string, name: string, shown: string, about: string): string => {
    const [value = "", interval] = shown.split(" (");
    const range = interval === undefined ? "" : ` <small>${escapeHtml(interval.replace(")", ""))}</small>`;
    return `<div class="tile ${state}"><span>${escapeHtml(name)}</span><strong>${value}${range}</strong><em>${about}</em></div>`;
  };
  const tiles = targets.map(({ name, aim, measured, reached }) => {
    const state = { yes: "met", no: "missed", "not measured": "unknown" }[reached];
    return tile(state, name, measured, `aim ${escapeHtml(aim)} &middot; ${state === "unknown" ? reached : state}`);
  });
  const about = "harmonic mean of R_Y, selectivity and 1 - pause take-over";
  const headline = tile("headline", "headline", rate(ours.figures.headline), about);
  const met = targets.filter(({ reached }) => reached === "yes").length;
  return `<section><h2>Sidetone against its aims</h2><p>${escapeHtml(ours.model)}. One setting for all of them: ${met} of ${targets.length} are met. Small: 95% intervals.</p><div class="tiles">${headline}${tiles.join("")}</div></section>`;
}

function contenders(reports: Reports): string {
  const rows = Object.entries(reports).map(([name, r]) => [
    chip(name),
    escapeHtml(r.model),
    r.clock,
    String(r.concurrency),
    String(r.perScenario),
    String(r.calls),
    r.tookS.toFixed(0),
  ]);
  const about =
    "On the virtual clock the same processes and sockets run as fast as the machine allows, and nothing is ever late. Rivals cannot wait for themselves: they run in real time over the first of everybody's stimuli, and are compared with sidetone in real time.";
  return section(
    "Who took the calls",
    about,
    table(["", "who decides", "clock", "calls at once", "a scenario", "calls", "took, s"], rows),
  );
}

function distributions(reports: Reports, judged: JudgedBy, prefix: string): Distribution[] {
  return Object.keys(reports).map((name) => {
    const some = (judged[name] ?? []).filter(({ scenario, isTwin, void: isVoid }) => {
      return scenario.startsWith(prefix) && !isTwin && !isVoid;
    });
    const valuesMs = some.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]));
    const missing = some.length - valuesMs.length;
    return { name, valuesMs, p50: quantile(valuesMs, 0.5), p95: quantile(valuesMs, 0.95), missing };
  });
}

function overlaps(reports: Reports): string {
  const rows = Object.entries(reports).map(([name, { figures }]) => [
    chip(name),
    shareBar(figures.yieldRate),
    ...OVERLAPS.map((scenario) => {
      const share = figures.selectivity[scenario];
      return share ? shareBar(share) : "-";
    }),
    `<strong>${percent(figures.fourOverlapAverage.value)}</strong>`,
  ]);
  return section(
    "Four overlaps",
    "Full-Duplex-Bench's four: gives way to an interruption; carries on over a backchannel, over talk to somebody else, over background speech. The thin line is the 95% interval.",
    table(["", "interruption", ...OVERLAPS.map(words), "average"], rows),
  );
}

function figuresTable(reports: Reports): string {
  const all = Object.values(reports);
  const rows = ROWS.map((row) => {
    const values = all.map(({ figures }) => row.value(figures)).filter(Number.isFinite);
    const best = row.better === "high" ? Math.max(...values) : Math.min(...values);
    return [
      `${escapeHtml(row.name.replaceAll("*", ""))}${row.target ? ` <small>aim ${escapeHtml(row.target)}</small>` : ""}`,
      ...all.map(({ figures }) => {
        const [value = "", interval] = row.show(figures).split(" (");
        const shown =
          interval === undefined ? value : `${value} <small>${escapeHtml(interval.replace(")", ""))}</small>`;
        return row.value(figures) === best ? `<strong>${shown}</strong>` : shown;
      }),
    ];
  });
  const voided = ["stimuli voided", ...all.map(({ figures }) => String(figures.voided))];
  const about = "The best of each row in bold. docs/BENCHMARK.md defines them and names their sources.";
  return section("Every figure", about, table(["", ...Object.keys(reports).map(chip)], [...rows, voided]));
}

function scenariosTable(reports: Reports): string {
  const all = Object.values(reports);
  const present = (Object.keys(SCENARIOS) as Scenario[]).filter((s) => all.some(({ figures }) => figures.scenarios[s]));
  const rows = present.map((scenario) => [
    escapeHtml(words(scenario)),
    ...all.map(({ figures }) => {
      const found = figures.scenarios[scenario];
      if (!found) return "-";
      const twin = found.twin.n > 0 ? `<small>clean ${percent(found.twin.value)}</small>` : "";
      return `${shareBar(found.right)}${twin}`;
    }),
  ]);
  const about =
    "Share of right behaviour. Below it, where they ran, the clean twins: the same call without its difficulty.";
  return section("Scenario by scenario", about, table(["", ...Object.keys(reports).map(chip)], rows));
}

function others(reports: Reports): string {
  const wins = whereOthersWin(reports);
  const about = "Figures in which somebody else of this run has the better value than Sidetone, by whatever margin.";
  if (wins.length === 0) return section("Where others win", about, "<p>Nowhere in this run.</p>");
  const rows = wins.map(({ row, ours, winner, theirs }) => [escapeHtml(row), ours, escapeHtml(winner), theirs]);
  return section("Where others win", about, table(["figure", "sidetone", "better", "theirs"], rows));
}

function understanding(reports: Reports): string {
  const own = Object.entries(reports).flatMap(([name, { understanding: u }]) => (u ? [{ name, u }] : []));
  if (own.length === 0) return "";
  const row = (name: string, of: (u: (typeof own)[number]["u"]) => string) => [name, ...own.map(({ u }) => of(u))];
  const [first] = own;
  const detail = first
    ? [
        ...Object.keys(first.u.byVoice).map((key) => row(`voice ${escapeHtml(key)}`, (u) => rate(u.byVoice[key]))),
        ...Object.keys(first.u.byNoise).map((key) => row(`noise ${escapeHtml(key)}`, (u) => rate(u.byNoise[key]))),
      ]
    : [];
  const tasks = first
    ? Object.keys(first.u.taskSuccessByScenario).map((key) =>
        row(escapeHtml(words(key)), (u) => rate(u.taskSuccessByScenario[key])),
      )
    : [];
  const head = ["", ...own.map(({ name }) => chip(name))];
  const figures = table(head, [
    row("word error rate", (u) => rate(u.wordErrorRate)),
    row("digit error rate", (u) => rate(u.digitErrorRate)),
    row("order-number slots right", (u) => rate(u.stringsRight)),
    row("right finding spoken", (u) => rate(u.taskSuccess)),
  ]);
  const about =
    "On the same calls, from their tapes. Rivals are told the caller's words, so that only turn-taking is compared.";
  return section(
    "Understanding",
    about,
    `${figures}<h3>Word error rate by voice and noise</h3>${table(head, detail)}<h3>Right finding by scenario</h3>${table(head, tasks)}`,
  );
}

function failures(judged: JudgedBy): string {
  const lists = Object.entries(judged).map(([name, measured]) => {
    const failed = measured.filter(({ recording }) => recording !== undefined);
    const rows = failed
      .toSorted((a, b) => a.id.localeCompare(b.id))
      .map((one) => [
        `<code>${escapeHtml(one.id)}</code>`,
        escapeHtml(one.voice),
        `${(one.startMs / 1_000).toFixed(2)} s`,
        outcome(one),
        one.understanding ? `<q>${escapeHtml(one.understanding.heard)}</q>` : "",
        `<a href="${escapeHtml(one.recording ?? "")}">WAV</a>${one.tape ? ` <a href="${escapeHtml(one.tape)}">tape</a>` : ""}`,
      ]);
    const count = `${failed.length} of ${measured.length}`;
    const body = failed.length > 0 ? table(["stimulus", "voice", "at", "what happened", "heard", ""], rows) : "";
    return `<details><summary>${chip(name)} ${count}</summary>${body}</details>`;
  });
  const about =
    "Each with its stereo recording (caller left, agent right) and its tape, in failures/ beside this page where it was made; the command makes them again.";
  return section("Failures", about, lists.join(""));
}

function outcome({ demand, latencyMs }: Measured): string {
  const at = latencyMs === undefined ? "" : `${Math.round(latencyMs)} ms`;
  switch (demand) {
    case "respond":
      return latencyMs === undefined ? "no answer" : `answered ${at} from the turn's end`;
    case "wait":
      return latencyMs === undefined ? "spoke in the turn" : `spoke ${at} into the pause`;
    case "yield":
      return "went on speaking";
    case "carry-on":
      return "fell silent";
    case "prompt":
      return latencyMs === undefined ? "left the caller alone" : `spoke ${at} from when it was due`;
  }
}
