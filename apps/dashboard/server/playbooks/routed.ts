import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Database, findPlaybookVersion, readRoutes } from "@sidetone/store";

async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, text);
  await rename(part, path);
}

/**
 * Hands the numbers' rules to the bridges, and every version that a rule names: they look at these files every second.
 * Each file is whole or absent at any moment, and versions are there before a rule that names them.
 */
export async function writeRoutes(database: Database, dataDir: string): Promise<void> {
  const folder = join(dataDir, "playbooks");
  const versions = join(folder, "versions");
  await mkdir(versions, { recursive: true });
  const numbers = await readRoutes(database.db);
  const named = new Map<string, { id: string; version: number }>();
  for (const { playbookId: id, version } of Object.values(numbers).flat()) {
    if (version !== null) named.set(`${id}@${version}.json`, { id, version });
  }
  for (const [file, { id, version }] of named) {
    const row = await findPlaybookVersion(database.db, id, version);
    if (row) await writeWhole(join(versions, file), JSON.stringify({ id, version, source: row.source }));
  }
  await writeWhole(join(folder, "numbers.json"), JSON.stringify(numbers));
  for (const file of await readdir(versions)) if (!named.has(file)) await rm(join(versions, file), { force: true });
}
