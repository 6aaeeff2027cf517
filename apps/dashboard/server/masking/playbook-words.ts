import type { Database } from "@sidetone/store";
import type { KnownWords } from "../masking.ts";
import { wordsOf } from "./call-secrets.ts";

/** Every word of every playbook: viewers may read playbooks, and agents mostly say what stands there. */
export class PlaybookWords implements KnownWords {
  readonly #database: Database;
  readonly #words = new Set<string>();
  readonly #learnt = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
  }

  has(word: string): boolean {
    return this.#words.has(word);
  }

  /** Reads the versions that came since the last time. Until then their words are masked. */
  async learn(): Promise<void> {
    const versions = await this.#database.db
      .selectFrom("playbook_versions")
      .select(["playbook_id", "version", "published_at", "source"])
      .where("published_at", "is not", null)
      .execute();
    for (const each of versions) {
      const key = `${each.playbook_id}@${each.version}`;
      if (this.#learnt.has(key)) continue;
      this.#learnt.add(key);
      for (const word of wordsOf(each.source)) if (!/\p{N}/u.test(word)) this.#words.add(word);
    }
  }
}
