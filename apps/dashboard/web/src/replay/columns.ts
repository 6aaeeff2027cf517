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
  return {
    hops,
    callerMin: signed("callerMin"),
    callerMax: signed("callerMax"),
    agentMin: signed("agentMin"),
    agentMax: signed("agentMax"),
    decision: of("decision"),
    floor: of("floor"),
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
