import { SidetoneError } from "@sidetone/platform";
import type { StepSummary } from "./promises.ts";

/** A straight line through the steps of a ramp: what a process needs anyway, and what each call adds. */
export interface Line {
  fixed: number;
  perCall: number;
}

/** Least squares over (calls, value). */
export function lineThrough(points: readonly (readonly [calls: number, value: number])[]): Line {
  const n = points.length;
  if (n < 2) throw new SidetoneError("NOT_FOUND", "A line needs two steps of a load run; give --steps more than one.");
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const together = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const perCall = spread === 0 ? 0 : together / spread;
  return { fixed: meanY - perCall * meanX, perCall };
}

export interface Costs {
  /** Cores, by process. */
  cores: Record<string, Line>;
  /** Bytes resident, by process. */
  rssBytes: Record<string, Line>;
  /** Bytes a second that the bridge reads and writes: carrier, pods, Redis and tapes together. */
  bridgeBytesPerS: Line;
  redisCommandsPerS: Line;
  redisBytesPerS: Line;
}

const OURS = ["bridge", "pod", "worker", "redis"] as const;

/**
 * @throws SidetoneError REQUEST_INVALID for a run in which more calls did not cost more: other work, or too few calls, drowned
 * them, and a fleet made of it would be fiction.
 */
export function costsOf(steps: readonly StepSummary[]): Costs {
  const through = (value: (step: StepSummary) => number): Line => lineThrough(steps.map((s) => [s.calls, value(s)]));
  const of = (value: (step: StepSummary, name: string) => number) =>
    Object.fromEntries(OURS.map((name) => [name, through((step) => value(step, name))]));
  const cores = of((step, name) => step.processes[name]?.cores ?? 0);
  const drowned = ["bridge", "pod"].filter((name) => !((cores[name]?.perCall ?? 0) > 0));
  if (drowned.length > 0) {
    const detail = `In this load run more calls did not cost the ${drowned.join(" and the ")} more; run it again, alone.`;
    throw new SidetoneError("REQUEST_INVALID", detail);
  }
  return {
    cores,
    rssBytes: of((step, name) => step.processes[name]?.rssBytes ?? 0),
    bridgeBytesPerS: through(({ processes: { bridge } }) =>
      bridge ? bridge.readBytesPerS + bridge.writtenBytesPerS : 0,
    ),
    redisCommandsPerS: through((step) => step.redisCommandsPerCallSecond * step.calls),
    redisBytesPerS: through((step) => step.redisBytesPerCallSecond * step.calls),
  };
}

/** Of a core, what a process that serves calls in real time may use on average. */
export const UTILISATION = 0.6;

export interface FleetNeeds {
  calls: number;
  /** Processes of one event loop each. */
  bridges: number;
  podCores: number;
  workerCores: number;
  redisShards: number;
  cores: number;
  memoryBytes: number;
  redisCommandsPerS: number;
  bridgeBitsPerS: number;
}

/** What so many concurrent calls need, by the lines, at `UTILISATION`. */
export function needsOf(costs: Costs, calls: number): FleetNeeds {
  const cores = (name: (typeof OURS)[number]): number => {
    const line = costs.cores[name];
    return line ? Math.max(0, line.perCall) * calls + Math.max(0, line.fixed) : 0;
  };
  const processes = (used: number): number => Math.max(1, Math.ceil(used / UTILISATION));
  const counts = {
    bridge: processes(cores("bridge")),
    pod: processes(cores("pod")),
    worker: processes(cores("worker")),
    redis: processes(cores("redis")),
  };
  const memoryBytes = OURS.reduce((sum, name) => {
    const line = costs.rssBytes[name];
    return line ? sum + line.fixed * counts[name] + Math.max(0, line.perCall) * calls : sum;
  }, 0);
  const at = (line: Line): number => Math.max(0, line.perCall) * calls;
  return {
    calls,
    bridges: counts.bridge,
    podCores: counts.pod,
    workerCores: counts.worker,
    redisShards: counts.redis,
    cores: counts.bridge + counts.pod + counts.worker + counts.redis,
    memoryBytes,
    redisCommandsPerS: at(costs.redisCommandsPerS),
    bridgeBitsPerS: at(costs.bridgeBytesPerS) * 8,
  };
}
