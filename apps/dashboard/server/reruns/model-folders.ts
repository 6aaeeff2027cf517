import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const SHIPPED = fileURLToPath(new URL("../../../../packages/interaction-model/weights", import.meta.url));
const Manifest = z.looseObject({
  thresholds: z.record(z.string(), z.number()).default({}),
  weights: z.looseObject({ sha256: z.string().optional() }).optional(),
});

export interface ModelFolder {
  /** null is the one that is shipped. */
  name: string | null;
  folder: string;
  version: string;
  thresholds: Record<string, number>;
}

async function readFolder(name: string | null, folder: string): Promise<ModelFolder | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, "manifest.json"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { thresholds, weights } = Manifest.parse(JSON.parse(text));
  return { name, folder, version: weights?.sha256 ?? "", thresholds };
}

/** The shipped model, and every folder under `DATA_DIR/models` that has a manifest. */
export async function modelFolders(dataDir: string): Promise<ModelFolder[]> {
  const root = join(dataDir, "models");
  const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const all = await Promise.all([
    readFolder(null, SHIPPED),
    ...names.sort().map((name) => readFolder(name, join(root, name))),
  ]);
  return all.filter((each) => each !== undefined);
}
