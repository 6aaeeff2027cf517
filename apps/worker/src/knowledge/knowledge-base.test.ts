import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createLog } from "@sidetone/platform";
import { htmlSections, markdownSections } from "./documents.ts";
import { KnowledgeBase } from "./knowledge-base.ts";

const log = createLog({ process: "test", level: "silent" });
const SHIPPED = join(import.meta.dirname, "../../knowledge");

test("questions as callers ask them find the shipped answers, and cite them", async () => {
  const knowledge = new KnowledgeBase(SHIPPED, log);
  await knowledge.refresh();
  const table: [question: string, answer: RegExp, source: RegExp][] = [
    ["what are your opening hours", /open Monday/, /store-hours.md > Our stores > Opening hours/],
    ["are you open on sundays", /closed on Sundays/, /Opening hours/],
    ["when do you close on saturday", /Saturdays we open at nine and close at five/, /Opening hours/],
    ["how long do I have to return something", /thirty days/, /returns.md .* How long you have/],
    ["can I return a mattress", /Mattresses/, /cannot be returned/],
    ["how much is delivery", /free for orders over fifty pounds/, /delivery.md > Delivery > What it costs/],
    ["what happens if nobody is at home", /leaves a card/, /Nobody at home/],
    ["how many points do I get", /one point for every pound/, /loyalty.html > Harbour Circle > Points/],
    ["do you delivr abroad", /do not deliver abroad/, /Where we deliver/],
    ["how long is the warranty on furniture", /three years/, /Warranty/],
    ["when will I get my refund", /three to five days/, /Refunds/],
  ];
  for (const [question, answer, source] of table) {
    const found = knowledge.search(question);
    assert.match(found?.answer ?? "(nothing)", answer, question);
    assert.match(found?.passages[0]?.source ?? "", source, question);
  }
});

test("what no document covers is not answered", async () => {
  const knowledge = new KnowledgeBase(SHIPPED, log);
  await knowledge.refresh();
  for (const question of ["do you sell bicycles to astronauts", "um", "who won the game last night", "what is it"]) {
    assert.equal(knowledge.search(question), undefined, question);
  }
});

test("Markdown and HTML keep their headings and lose their marks", () => {
  assert.deepEqual(markdownSections("# A\n\nOne **two** [three](x).\n\n## B\n\n- four\n- five\n\n# C\n\nsix"), [
    { headings: ["A"], paragraphs: ["One two three."] },
    { headings: ["A", "B"], paragraphs: ["four", "five"] },
    { headings: ["C"], paragraphs: ["six"] },
  ]);
  assert.deepEqual(htmlSections("<h1>A</h1><div><p>One <b>two</b></p><script>x()</script><ul><li>three</ul></div>"), [
    { headings: ["A"], paragraphs: ["One two", "three"] },
  ]);
});

/** The smallest PDF that says one line on each page. */
function pdfOf(lines: readonly string[]): string {
  const kids = lines.map((_, n) => `${4 + n * 2} 0 R`).join(" ");
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Kids [${kids}] /Count ${lines.length} >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  for (const line of lines) {
    const stream = `BT /F1 12 Tf 20 100 Td (${line}) Tj ET`;
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Resources << /Font << /F1 3 0 R >> >> /Contents ${objects.length + 2} 0 R >>`,
      `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    );
  }
  let pdf = "%PDF-1.4\n";
  const offsets = objects.map((object, n) => {
    const at = pdf.length;
    pdf += `${n + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = offsets.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${pdf.length}\n%%EOF`;
  return `${pdf}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}${trailer}`;
}

test("a PDF is read and cited by its page; a changed file is read again; a broken one is left out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sidetone-knowledge-"));
  try {
    const path = join(folder, "warranty.pdf");
    writeFileSync(path, pdfOf(["Bicycles are serviced every spring.", "Canoes carry a warranty of nine years."]));
    writeFileSync(join(folder, "broken.pdf"), "not a pdf");
    const knowledge = new KnowledgeBase(folder, log);
    await knowledge.refresh();
    const found = knowledge.search("warranty for a canoe");
    assert.match(found?.answer ?? "", /nine years/);
    assert.equal(found?.passages[0]?.source, "warranty.pdf > page 2");
    writeFileSync(path, pdfOf(["Canoes carry a warranty of ten years."]));
    utimesSync(path, 1, 1);
    await knowledge.refresh();
    assert.match(knowledge.search("warranty for a canoe")?.answer ?? "", /ten years/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
