import { readdir, stat } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import type { Logger } from "@sidetone/platform";
import type { TaskOutput } from "@sidetone/protocol";
import MiniSearch, { type SearchResult } from "minisearch";
import { DOCUMENT_TYPES, readDocument } from "./documents.ts";

/** Chunks of about this many characters: a passage that can be read out, or quoted on a screen. */
const CHUNK_CHARS = 600;
/** What an answer may be long: two spoken sentences. */
const ANSWER_CHARS = 260;
const PASSAGES = 3;
/** Least share of the question's words, weighted by how rare they are, that a passage must hold. */
const LEAST_COVERAGE = 0.45;

/** Words that a question is asked with and that no answer is found by. */
const STOP_WORDS = new Set(
  (
    "a an and are as at be been but by can could do does did for from get had has have how i if in is it its just me my of on or " +
    "our please so tell that the their them then there they this to um uh want was we were what when where which who will with " +
    "would you your something anything someone thing things stuff i'd i'm what's about know like need hi hello okay much many"
  ).split(" "),
);

/** Callers ask with forms that documents do not use. */
const QUESTION_FORMS: readonly (readonly [RegExp, string])[] = [[/\bhow much\b/gi, "cost"]];

interface Chunk {
  id: number;
  headings: string;
  text: string;
  source: string;
}

/** Lower case, without plural and apostrophe, so that "returns" finds "return"; null for stop words. */
function processTerm(term: string): string | null {
  const word = term.toLowerCase().replace(/['’].*$/, "");
  if (word.length < 2 || STOP_WORDS.has(word)) return null;
  return word.length > 3 ? word.replace(/(?<!s)s$/, "") : word;
}

/** BM25 with fuzzy match over folders of documents; re-reads them when a file has changed. A folder may be missing. */
export class KnowledgeBase {
  readonly #folders: readonly string[];
  readonly #log: Logger;
  #index = newIndex();
  #documentFrequency = new Map<string, number>();
  #fingerprint = "";
  #chunks = 0;

  constructor(folders: string | readonly string[], log: Logger) {
    this.#folders = typeof folders === "string" ? [folders] : folders;
    this.#log = log;
  }

  get chunks(): number {
    return this.#chunks;
  }

  /** Reads the folders if they changed. A file that cannot be read is logged and left out. */
  async refresh(): Promise<void> {
    const files = await this.#files();
    const fingerprint = files.map((file) => `${file.path}:${file.mtimeMs}`).join("\n");
    if (fingerprint === this.#fingerprint) return;
    const chunks: Chunk[] = [];
    for (const { path, name } of files) {
      try {
        for (const section of await readDocument(path)) {
          const source = [name, ...section.headings].join(" > ");
          for (const text of chunksOf(section.paragraphs)) {
            chunks.push({ id: chunks.length, headings: section.headings.join(" "), text, source });
          }
        }
      } catch (error) {
        this.#log.warn({ err: error, file: name }, "a knowledge file could not be read");
      }
    }
    const index = newIndex();
    index.addAll(chunks);
    const frequency = new Map<string, number>();
    for (const chunk of chunks) {
      for (const term of new Set(termsOf(`${chunk.headings} ${chunk.text}`))) {
        frequency.set(term, (frequency.get(term) ?? 0) + 1);
      }
    }
    this.#index = index;
    this.#documentFrequency = frequency;
    this.#chunks = chunks.length;
    this.#fingerprint = fingerprint;
  }

  /** The best passages for a question, and the sentences of the first that answer it; undefined when none fits. */
  search(question: string, topic?: string): TaskOutput<"knowledge"> | undefined {
    const asked = QUESTION_FORMS.reduce((text, [form, word]) => text.replace(form, word), question);
    const terms = [...new Set(termsOf(asked))];
    if (terms.length === 0) return undefined;
    const results = this.#index.search(`${asked} ${topic ?? ""}`, {
      boost: { headings: 2 },
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      prefix: (term) => term.length > 4,
    });
    const fitting = results.filter((result) => this.#coverage(result, terms) >= LEAST_COVERAGE).slice(0, PASSAGES);
    const best = fitting[0];
    if (!best) return undefined;
    return {
      answer: answerFrom(String(best.text), best.terms),
      passages: fitting.map((r) => ({
        text: String(r.text),
        source: String(r.source),
        score: Math.round(r.score * 100) / 100,
      })),
    };
  }

  /** How much of the question a passage holds. A word no document knows counts as the rarest. */
  #coverage(result: SearchResult, terms: readonly string[]): number {
    const weigh = (term: string) => Math.log(1 + this.#chunks / (1 + (this.#documentFrequency.get(term) ?? 0)));
    const matched = new Set(result.queryTerms);
    let all = 0;
    let held = 0;
    for (const term of terms) {
      const weight = weigh(term);
      all += weight;
      if (matched.has(term)) held += weight;
    }
    return held / all;
  }

  async #files(): Promise<{ path: string; name: string; mtimeMs: number }[]> {
    const found = await Promise.all(this.#folders.map(filesOf));
    return found.flat();
  }
}

async function filesOf(folder: string): Promise<{ path: string; name: string; mtimeMs: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    },
  );
  const paths = entries
    .filter((e) => e.isFile() && (DOCUMENT_TYPES as readonly string[]).includes(extname(e.name).toLowerCase()))
    .map((e) => join(e.parentPath, e.name))
    .sort();
  return Promise.all(
    paths.map(async (path) => ({ path, name: relative(folder, path), mtimeMs: (await stat(path)).mtimeMs })),
  );
}

const newIndex = () =>
  new MiniSearch<Chunk>({ fields: ["headings", "text"], storeFields: ["text", "source"], processTerm });

function termsOf(text: string): string[] {
  return (text.match(/[\p{L}\p{N}'’]+/gu) ?? []).map(processTerm).filter((term) => term !== null);
}

/** Paragraphs joined up to the size of a chunk; a longer one is cut between sentences. */
function chunksOf(paragraphs: readonly string[]): string[] {
  const chunks: string[] = [];
  let open = "";
  for (const piece of paragraphs.flatMap((p) => (p.length > CHUNK_CHARS ? sentencesOf(p) : [p]))) {
    if (open !== "" && open.length + piece.length > CHUNK_CHARS) {
      chunks.push(open);
      open = "";
    }
    open = open === "" ? piece : `${open} ${piece}`;
  }
  if (open !== "") chunks.push(open);
  return chunks;
}

const sentencesOf = (text: string): string[] => text.match(/[^.!?]+(?:[.!?]+(?=\s|$)|$)/g)?.map((s) => s.trim()) ?? [];

/** The stretch of sentences, at most `ANSWER_CHARS` long, that holds most of the matched words. */
function answerFrom(text: string, matched: readonly string[]): string {
  const sentences = sentencesOf(text);
  const held = sentences.map((s) => new Set(termsOf(s).filter((term) => matched.includes(term))).size);
  let best = { from: 0, to: 1, score: -1 };
  for (let from = 0; from < sentences.length; from++) {
    let score = 0;
    let chars = 0;
    for (let to = from; to < sentences.length; to++) {
      chars += (sentences[to] as string).length + 1;
      if (to > from && chars > ANSWER_CHARS) break;
      score += held[to] as number;
      // Of equals the longer stretch: a sentence more is context, and it fits.
      if (score > best.score || (score === best.score && from === best.from)) best = { from, to: to + 1, score };
    }
  }
  return sentences.slice(best.from, best.to).join(" ");
}
