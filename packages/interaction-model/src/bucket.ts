import ort from "onnxruntime-node";
import type { Manifest } from "./manifest.ts";

export type InputName = keyof Manifest["inputs"];
export type OutputName = keyof Manifest["outputs"];

/** Input and output tensors for one batch shape, allocated once; `run` fills the outputs in place. */
export class Bucket {
  readonly rows: number;
  readonly inputs: Readonly<Record<InputName, Float32Array>>;
  readonly outputs: Readonly<Record<OutputName, Float32Array>>;
  readonly #session: ort.InferenceSession;
  readonly #feeds: Record<string, ort.Tensor> = {};
  readonly #fetches: Record<string, ort.Tensor> = {};

  constructor(session: ort.InferenceSession, manifest: Manifest, rows: number) {
    this.#session = session;
    this.rows = rows;
    this.inputs = allocate(manifest.inputs, rows, this.#feeds);
    this.outputs = allocate(manifest.outputs, rows, this.#fetches);
  }

  async run(): Promise<void> {
    await this.#session.run(this.#feeds, this.#fetches);
  }
}

function allocate<Name extends string>(
  shapes: Record<Name, readonly number[]>,
  rows: number,
  tensors: Record<string, ort.Tensor>,
): Record<Name, Float32Array> {
  const arrays = {} as Record<Name, Float32Array>;
  for (const name of Object.keys(shapes) as Name[]) {
    const array = new Float32Array(rows * sizeOf(shapes[name]));
    arrays[name] = array;
    tensors[name] = new ort.Tensor("float32", array, [rows, ...shapes[name]]);
  }
  return arrays;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, width) => product * width, 1);
}
