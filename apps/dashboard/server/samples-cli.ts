import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeUlaw, linearLevelDbfs, readWav, resample } from "@sidetone/audio";
import { SAMPLE_CALLERS } from "../web/src/phone/samples.ts";

/** Speaks the sample callers' lines with espeak-ng into `web/public/samples`, once for all: they are in the repository. */
const out = join(import.meta.dirname, "..", "web", "public", "samples");
/** Telephone speech at a usual loudness. */
const LEVEL_DBFS = -22;
const scratch = mkdtempSync(join(tmpdir(), "sidetone-samples-"));
mkdirSync(out, { recursive: true });
const lines = new Map(SAMPLE_CALLERS.flatMap((caller) => caller.steps.map((step) => [step.file, step.text] as const)));
let bytes = 0;
for (const [file, text] of lines) {
  const parts: Uint8Array[] = [];
  for (const [index, part] of text.split(/\[pause (\d+)\]/).entries()) {
    // Splitting at a group puts what it caught between the parts.
    if (index % 2 === 1) parts.push(new Uint8Array(Number(part) * 8).fill(0xff));
    else {
      const wav = join(scratch, "line.wav");
      execFileSync("espeak-ng", ["-v", "en-gb+f4", "-s", "150", "-w", wav, "--", part.trim()]);
      const { sampleRateHz, channels } = readWav(readFileSync(wav));
      const samples = resample(channels[0] ?? new Int16Array(0), sampleRateHz, 8_000);
      const gain = 10 ** ((LEVEL_DBFS - linearLevelDbfs(samples)) / 20);
      const codes = new Uint8Array(samples.length);
      encodeUlaw(
        samples.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * gain)))),
        codes,
      );
      parts.push(codes);
    }
  }
  const audio = Buffer.concat(parts);
  bytes += audio.length;
  writeFileSync(join(out, file), audio);
}
rmSync(scratch, { recursive: true, force: true });
process.stdout.write(`${lines.size} lines, ${Math.round(bytes / 1024)} KiB\n`);
