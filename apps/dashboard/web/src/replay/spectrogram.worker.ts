import { BINS, STEP_SAMPLES, spectrogramOf, WINDOW_SAMPLES } from "./spectrum.ts";

/** A stretch of the call to draw, and in which colours (from quiet to loud) each channel. */
export interface TileOrder {
  id: number;
  url: string;
  fromSample: number;
  columns: number;
  colours: readonly [caller: readonly string[], agent: readonly string[]];
}
export interface TileOutcome {
  id: number;
  /** Undefined when the audio could not be had. */
  channels: [caller: ImageBitmap, agent: ImageBitmap] | undefined;
}

const WAV_HEAD_BYTES = 44;
const FRAME_BYTES = 4;
const port = self as unknown as {
  onmessage: unknown;
  postMessage(message: TileOutcome, transfer: Transferable[]): void;
};

/** 256 colours between those given, as the browser itself mixes them. */
function ramp(colours: readonly string[]): Uint8ClampedArray {
  const pen = new OffscreenCanvas(256, 1).getContext("2d");
  if (!pen) throw new Error("This browser draws no canvas in a worker.");
  const gradient = pen.createLinearGradient(0, 0, 255, 0);
  for (const [index, colour] of colours.entries()) gradient.addColorStop(index / (colours.length - 1), colour);
  pen.fillStyle = gradient;
  pen.fillRect(0, 0, 256, 1);
  return pen.getImageData(0, 0, 256, 1).data;
}

async function audioOf(order: TileOrder): Promise<[Float32Array, Float32Array]> {
  // The first column's window reaches half a window back.
  const first = Math.max(0, order.fromSample - WINDOW_SAMPLES / 2);
  const count = order.columns * STEP_SAMPLES + WINDOW_SAMPLES;
  const from = WAV_HEAD_BYTES + first * FRAME_BYTES;
  const response = await fetch(order.url, { headers: { range: `bytes=${from}-${from + count * FRAME_BYTES - 1}` } });
  if (!response.ok) throw new Error(`The audio answered ${response.status}.`);
  const frames = new Int16Array(await response.arrayBuffer());
  const lead = first - (order.fromSample - WINDOW_SAMPLES / 2);
  const channels: [Float32Array, Float32Array] = [new Float32Array(count), new Float32Array(count)];
  for (let i = 0; i + lead < count && 2 * i + 1 < frames.length; i++) {
    channels[0][i + lead] = (frames[2 * i] as number) / 32_768;
    channels[1][i + lead] = (frames[2 * i + 1] as number) / 32_768;
  }
  return channels;
}

function draw(samples: Float32Array, columns: number, colours: readonly string[]): Promise<ImageBitmap> {
  const loudness = spectrogramOf(samples, columns);
  const palette = ramp(colours);
  const image = new ImageData(columns, BINS);
  for (let column = 0; column < columns; column++) {
    for (let bin = 0; bin < BINS; bin++) {
      const colour = (loudness[column * BINS + bin] as number) * 4;
      const at = ((BINS - 1 - bin) * columns + column) * 4;
      for (let part = 0; part < 4; part++) image.data[at + part] = palette[colour + part] as number;
    }
  }
  return createImageBitmap(image);
}

port.onmessage = async (message: MessageEvent<TileOrder>) => {
  const order = message.data;
  try {
    const [caller, agent] = await audioOf(order);
    const channels: [ImageBitmap, ImageBitmap] = [
      await draw(caller, order.columns, order.colours[0]),
      await draw(agent, order.columns, order.colours[1]),
    ];
    port.postMessage({ id: order.id, channels }, channels);
  } catch {
    // The page shows an empty stretch and asks again when it comes into sight once more.
    port.postMessage({ id: order.id, channels: undefined }, []);
  }
};
