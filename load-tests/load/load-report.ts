import { BOUNDS } from "./promises.ts";
import type { LoadResults } from "./results.ts";

const MIB = 2 ** 20;
/** A ramp that keeps going alone brings every core's queue to about this. */
const BUSY = 1.75;

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(" | ")} |`,
  `|${" --- |".repeat(head.length)}`,
  ...rows.map((cells) => `| ${cells.join(" | ")} |`),
];

export const conditions = ({ facts }: LoadResults): string[] => [
  `Command: \`${facts.command}\`. Commit ${facts.commit}, ${facts.startedAt} to ${facts.endedAt}.`,
  `Machine: ${facts.machine}; bridge, pod, worker, Redis and the callers share it. Load average at the end: ${facts.loadAverage.toFixed(1)}.`,
  ...(facts.loadAverage > facts.cores * BUSY
    ? ["**The machine was busy with other work meanwhile: costs are too high, and promises broke for that reason.**"]
    : []),
];

/** The ramp as Markdown. */
export function loadReport(results: LoadResults): string {
  const { steps, broken } = results;
  const names = [...new Set(steps.flatMap(({ processes }) => Object.keys(processes)))];
  const lines = [
    "# Load",
    "",
    ...conditions(results),
    "",
    "Callers talk all the time: they ask for an order, read its number out, and hear what a lookup of 1.5 s found.",
    `A promise is broken when p99 of tick lateness passes ${BOUNDS.tickLatenessP99Ms} ms, p99 of the pod's reply ${BOUNDS.podReplyP99Ms} ms, p95 of the queue wait ${BOUNDS.taskWaitP95Ms} ms, when a hop is lost, when more than ${BOUNDS.starvedShare * 100}% of time is a hole in speech, or when p95 of response latency is more than ${Math.round((BOUNDS.responseRatio - 1) * 100)}% above one call's beyond chance; one call's is told from all steps of at most five. The response is to a question; after a number a lookup of 1.5 s runs. Percentiles of ticks, replies and waits are upper bounds of their buckets.`,
    "",
    ...table(
      [
        "calls",
        "response p50, ms",
        "p95, ms (95% interval)",
        "n",
        "after a number p50",
        "p95",
        "unanswered",
        "tick p99",
        "pod reply p99",
        "queue p95",
        "hops lost",
        "callers' beat p99",
      ],
      steps.map((step) => [
        String(step.calls),
        Math.round(step.responseP50Ms.value).toString(),
        `${Math.round(step.responseP95Ms.value)} (${Math.round(step.responseP95Ms.low)}-${Math.round(step.responseP95Ms.high)})`,
        String(step.responseP50Ms.n),
        Math.round(step.lookupP50Ms.value).toString(),
        Math.round(step.lookupP95Ms.value).toString(),
        String(step.unanswered),
        String(step.tickLatenessP99Ms),
        String(step.podReplyP99Ms),
        String(step.taskWaitP95Ms),
        String(step.droppedHops + step.concealedHops),
        step.callersBeatP99Ms.toFixed(1),
      ]),
    ),
    "",
    broken.length > 0 ? `First to break: ${broken.join("; ")}.` : "No promise broke.",
    "",
    "## What it costs",
    "",
    ...table(
      ["calls", ...names.flatMap((name) => [`${name}, cores`, `${name}, MiB`])],
      steps.map(({ calls, processes }) => [
        String(calls),
        ...names.flatMap((name) => {
          const cost = processes[name];
          return [cost?.cores.toFixed(2) ?? "-", cost ? (cost.rssBytes / MIB).toFixed(0) : "-"];
        }),
      ]),
    ),
    "",
    ...table(
      [
        "calls",
        "Redis commands a call's second",
        "Redis bytes a call's second",
        ...names.map((name) => `${name}, threads / files`),
      ],
      steps.map((step) => [
        String(step.calls),
        step.redisCommandsPerCallSecond.toFixed(1),
        step.redisBytesPerCallSecond.toFixed(0),
        ...names.map((name) => `${step.processes[name]?.threads ?? "-"} / ${step.processes[name]?.openFiles ?? "-"}`),
      ]),
    ),
  ];
  return `${lines.join("\n")}\n`;
}
