import { COLUMNS, COLUMNS_HEAD_BYTES, COLUMNS_MAGIC, type ColumnName } from "../../../server/replay/columns-format.ts";

export { FLOOR_AGENT, FLOOR_CALLER, FLOOR_WITHHELD } from "../../../server/replay/columns-format.ts";
export const HOP_MS = 40;

/** A call in columns: views into one download, one value (or two peaks) a hop. */
export interface Columns {
  hops: number;
  callerMin: Int8Array;
  callerMax: Int8Array;
  agentMin: Int8Array;
  agentMax: Int8Array;
  decision: Uint8Array;
  floor: Uint8Array;
  overlap: Uint8Array;
  expectation: Uint8Array;
  concealed: Uint8Array;
  /** The same ever coarser, for looking from far away: what stands at `level` covers `4 ** level` peaks or hops. */
  coarse: readonly Coarse[];
}

/** What is drawn of a call, at one coarseness: extremes of the peaks, whoever talked, the rarest decision. */
export interface Coarse {
  callerMin: Int8Array;
  callerMax: Int8Array;
  agentMin: Int8Array;
  agentMax: Int8Array;
  floor: Uint8Array;
  decision: Uint8Array;
}

const FOLD = 4;
const LEVELS = 6;
const UNDECIDED = 255;

/** Every `FOLD` values in one. */
function folded<T extends Int8Array | Uint8Array>(
  values: T,
  of: new (length: number) => T,
  join: (a: number, b: number) => number,
): T {
  const out = new of(Math.ceil(values.length / FOLD));
  for (let i = 0; i < out.length; i++) {
    let value = values[i * FOLD] as number;
    const end = Math.min(values.length, (i + 1) * FOLD);
    for (let k = i * FOLD + 1; k < end; k++) value = join(value, values[k] as number);
    out[i] = value;
  }
  return out;
}

function pyramid(finest: Coarse): Coarse[] {
  const levels = [finest];
  for (let level = 1; level < LEVELS; level++) {
    const finer = levels[level - 1] as Coarse;
    levels.push({
      callerMin: folded(finer.callerMin, Int8Array, Math.min),
      callerMax: folded(finer.callerMax, Int8Array, Math.max),
      agentMin: folded(finer.agentMin, Int8Array, Math.min),
      agentMax: folded(finer.agentMax, Int8Array, Math.max),
      floor: folded(finer.floor, Uint8Array, (a, b) => a | b),
      // A yield must not vanish when one looks from further away.
      decision: folded(finer.decision, Uint8Array, (a, b) =>
        a === UNDECIDED ? b : b === UNDECIDED ? a : Math.max(a, b),
      ),
    });
  }
  return levels;
}

/** The coarsest level at which a pixel still has a value of its own. */
export function levelFor(columns: Columns, valuesPerPx: number): { level: Coarse; factor: number } {
  const index = Math.max(0, Math.min(LEVELS - 1, Math.floor(Math.log(Math.max(1, valuesPerPx)) / Math.log(FOLD))));
  return { level: columns.coarse[index] as Coarse, factor: FOLD ** index };
}

export function readColumns(file: ArrayBuffer): Columns {
  const head = new DataView(file);
  const magic = String.fromCharCode(...new Uint8Array(file, 0, 4));
  if (magic !== COLUMNS_MAGIC) throw new Error("The call's columns are not of this version.");
  const hops = head.getUint32(8, true);
  const views: Partial<Record<ColumnName, Uint8Array>> = {};
  let at = COLUMNS_HEAD_BYTES;
  for (const column of COLUMNS) {
    views[column.name] = new Uint8Array(file, at, hops * column.perHop);
    at += hops * column.perHop;
  }
  const of = (name: ColumnName): Uint8Array => views[name] ?? new Uint8Array(0);
  const signed = (name: ColumnName): Int8Array => {
    const bytes = of(name);
    return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const finest: Coarse = {
    callerMin: signed("callerMin"),
    callerMax: signed("callerMax"),
    agentMin: signed("agentMin"),
    agentMax: signed("agentMax"),
    decision: of("decision"),
    floor: of("floor"),
  };
  return {
    hops,
    ...finest,
    coarse: pyramid(finest),
    overlap: of("overlap"),
    expectation: of("expectation"),
    concealed: of("concealed"),
  };
}

/** The end of the quiet stretch that `atMs` lies in, when it is longer than `atLeastMs`; otherwise undefined. */
export function quietUntilMs(columns: Columns, atMs: number, atLeastMs: number): number | undefined {
  const from = Math.max(0, Math.floor(atMs / HOP_MS));
  let hop = from;
  while (hop < columns.hops && ((columns.floor[hop] as number) & 3) === 0) hop++;
  return (hop - from) * HOP_MS >= atLeastMs ? hop * HOP_MS : undefined;
}

/** Peaks for an overview of `points` points: the largest of each stretch, 0..1. */
export function overview(max: Int8Array, points: number): number[] {
  const per = Math.max(1, Math.ceil(max.length / points));
  const out: number[] = [];
  for (let at = 0; at < max.length; at += per) {
    let high = 0;
    for (let i = at; i < Math.min(at + per, max.length); i++) high = Math.max(high, max[i] as number);
    out.push(Math.sqrt(high / 127));
  }
  return out;
}
