import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { lexer } from "marked";
import { NodeType, parse as parseHtml } from "node-html-parser";
import { extractText, getDocumentProxy } from "unpdf";

/** A stretch of a document under one heading. */
export interface Section {
  /** Headings from the outermost in; a PDF's page when it has none. */
  headings: string[];
  /** Paragraphs. */
  paragraphs: string[];
}

export const DOCUMENT_TYPES = [".md", ".markdown", ".html", ".htm", ".pdf", ".txt"] as const;

const isType = (extension: string): extension is (typeof DOCUMENT_TYPES)[number] =>
  (DOCUMENT_TYPES as readonly string[]).includes(extension);

const squeeze = (text: string): string => text.replace(/\s+/g, " ").trim();

/** Reads a file as sections. @throws when the file is unreadable or of another type. */
export async function readDocument(path: string): Promise<Section[]> {
  const extension = extname(path).toLowerCase();
  if (!isType(extension)) throw new Error(`${basename(path)} is none of ${DOCUMENT_TYPES.join(", ")}`);
  if (extension === ".pdf") return pdfSections(await readFile(path));
  const text = await readFile(path, "utf8");
  if (extension === ".html" || extension === ".htm") return htmlSections(text);
  return markdownSections(text);
}

export function markdownSections(text: string): Section[] {
  const sections = new SectionBuilder();
  for (const token of lexer(text)) {
    if (token.type === "heading") sections.heading(token.depth, plain(token.text));
    else if (token.type === "paragraph" || token.type === "blockquote") sections.paragraph(plain(token.text ?? ""));
    else if (token.type === "list") {
      for (const item of token.items) sections.paragraph(plain(item.text));
    } else if (token.type === "table") {
      const header: string[] = token.header.map((cell: { text: string }) => plain(cell.text));
      for (const row of token.rows as { text: string }[][]) {
        sections.paragraph(row.map((cell, n) => `${header[n] ?? ""}: ${plain(cell.text)}`).join(", "));
      }
    }
  }
  return sections.done();
}

/** Inline Markdown without its marks. */
const plain = (text: string): string =>
  squeeze(
    text
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[*_`]{1,3}(\S(?:.*?\S)?)[*_`]{1,3}/g, "$1")
      .replace(/<[^>]+>/g, " "),
  );

export function htmlSections(text: string): Section[] {
  const root = parseHtml(text, { comment: false });
  for (const node of root.querySelectorAll("script,style,nav,header,footer,head")) node.remove();
  const sections = new SectionBuilder();
  const visit = (node: (typeof root.childNodes)[number]) => {
    if (node.nodeType !== NodeType.ELEMENT_NODE) {
      if (node.nodeType === NodeType.TEXT_NODE) sections.paragraph(squeeze(node.text));
      return;
    }
    const tag = "tagName" in node ? String(node.tagName ?? "").toLowerCase() : "";
    const level = /^h([1-6])$/.exec(tag)?.[1];
    if (level) sections.heading(Number(level), squeeze(node.text));
    else if (/^(p|li|td|th|dd|dt|blockquote|figcaption)$/.test(tag)) sections.paragraph(squeeze(node.text));
    else for (const child of node.childNodes) visit(child);
  };
  visit(root);
  return sections.done();
}

async function pdfSections(bytes: Uint8Array): Promise<Section[]> {
  const pdf = await getDocumentProxy(new Uint8Array(bytes));
  const { text } = await extractText(pdf, { mergePages: false });
  return text
    .map((page, n) => ({
      headings: [`page ${n + 1}`],
      paragraphs: page
        .split(/\n\s*\n/)
        .map(squeeze)
        .filter(Boolean),
    }))
    .filter((section) => section.paragraphs.length > 0);
}

class SectionBuilder {
  readonly #sections: Section[] = [];
  #headings: string[] = [];
  #paragraphs: string[] = [];

  heading(depth: number, text: string): void {
    this.#close();
    this.#headings = [...this.#headings.slice(0, depth - 1), text];
  }

  paragraph(text: string): void {
    if (text !== "") this.#paragraphs.push(text);
  }

  done(): Section[] {
    this.#close();
    return this.#sections;
  }

  #close(): void {
    if (this.#paragraphs.length > 0) {
      this.#sections.push({ headings: this.#headings.filter(Boolean), paragraphs: this.#paragraphs });
    }
    this.#paragraphs = [];
  }
}
