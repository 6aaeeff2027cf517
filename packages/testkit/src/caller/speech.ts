import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { encodeUlaw, linearLevelDbfs, readWav, resample, ULAW_SILENCE } from "@sidetone/audio";
import { SidetoneError } from "@sidetone/platform";

const run = promisify(execFile);

/** Telephone speech at a usual loudness. */
const LEVEL_DBFS = -22;

interface Engine {
  name: string;
  args(text: string, voice: string | undefined, file: string): string[];
}

/** In the order of preference; the voices are not those that the agent speaks with. */
const ENGINES: Engine[] = [
  { name: "espeak-ng", args: (text, voice = "en-gb+f4", file) => ["-v", voice, "-s", "160", "-w", file, "--", text] },
  { name: "flite", args: (text, voice = "rms", file) => ["-voice", voice, "-t", text, "-o", file] },
];

let chosen: Promise<Engine> | undefined;
const rendered = new Map<string, Promise<Uint8Array>>();

/**
 * Speaks a caller's words as 8 kHz mu-law, with `[pause 400]` in the text for silence of so many ms.
 * @throws SidetoneError DEPENDENCY_MISSING where no speech engine is installed
 */
export async function speak(text: string, voice?: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const [i, part] of text.split(/\[pause (\d+)\]/).entries()) {
    // Splitting at a group puts what it caught between the parts.
    if (i % 2 === 1) pieces.push(new Uint8Array(Number(part) * 8).fill(ULAW_SILENCE));
    else if (part.trim() !== "") pieces.push(await render(part.trim(), voice));
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** Makes a recording of any rate into 8 kHz mu-law; of stereo, the left channel. */
export function fromWav(file: Uint8Array): Uint8Array {
  const { sampleRateHz, channels } = readWav(file);
  const samples = resample(channels[0] ?? new Int16Array(0), sampleRateHz, 8000);
  const bytes = new Uint8Array(samples.length);
  encodeUlaw(samples, bytes);
  return bytes;
}

function render(text: string, voice: string | undefined): Promise<Uint8Array> {
  const key = `${voice ?? ""}\n${text}`;
  const known = rendered.get(key) ?? renderOnce(text, voice);
  rendered.set(key, known);
  return known;
}

async function renderOnce(text: string, voice: string | undefined): Promise<Uint8Array> {
  chosen ??= firstInstalled();
  const engine = await chosen;
  const folder = await mkdtemp(join(tmpdir(), "sidetone-speech-"));
  try {
    const file = join(folder, "speech.wav");
    await run(engine.name, engine.args(text, voice, file));
    const { sampleRateHz, channels } = readWav(await readFile(file));
    const samples = resample(channels[0]!, sampleRateHz, 8000);
    const gain = 10 ** ((LEVEL_DBFS - linearLevelDbfs(samples)) / 20);
    const bytes = new Uint8Array(samples.length);
    encodeUlaw(
      samples.map((value) => Math.max(-32768, Math.min(32767, Math.round(value * gain)))),
      bytes,
    );
    return bytes;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstInstalled(): Promise<Engine> {
  for (const engine of ENGINES) {
    const found = await run(engine.name, ["--version"]).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
    );
    if (found) return engine;
  }
  throw new SidetoneError("DEPENDENCY_MISSING", "apt-get install espeak-ng (or flite)");
}
