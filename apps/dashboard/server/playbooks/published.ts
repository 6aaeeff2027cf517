import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadPlaybook, SHIPPED_PLAYBOOKS, shippedPlaybookPath } from "@sidetone/dialogue";
import { addPlaybookDraft, type Database, markTested, publishVersion } from "@sidetone/store";

/** What comes with Sidetone is in the list from the first start, as published. */
export async function seedShipped(database: Database): Promise<void> {
  const known = await database.db.selectFrom("playbooks").select("id").execute();
  for (const id of SHIPPED_PLAYBOOKS) {
    if (known.some((playbook) => playbook.id === id)) continue;
    const path = shippedPlaybookPath(id);
    const source = await readFile(path, "utf8");
    const by = "Sidetone";
    const name = loadPlaybook(path).document.title;
    const version = await addPlaybookDraft(database.db, { playbookId: id, name, source, note: "As shipped", by });
    await markTested(database.db, { playbookId: id, version, source, passed: true, report: [] });
    await publishVersion(database.db, { playbookId: id, version, by });
  }
}

/**
 * Hands a version to the bridges: they look at this folder every second. The file is whole or absent at
 * any moment; a call in progress keeps the playbook it was opened with.
 */
export async function writePublished(
  dataDir: string,
  playbook: { id: string; version: number; source: string },
): Promise<void> {
  const folder = join(dataDir, "playbooks", "published");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${playbook.id}.json`);
  const temporary = `${path}.${process.pid}.part`;
  await writeFile(temporary, JSON.stringify(playbook));
  await rename(temporary, path);
}
