// Documents are run: paths that they name exist, commands that they show are scripts, fenced ts is type-checked.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const documents = globSync(["*.md", "docs/**/*.md", "apps/*/README.md", "packages/*/README.md"], { cwd: root }).sort();
const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;

/** Paths in backticks or links that begin in one of our rooms. `<name>`, globs and `{a,b}` are shapes, not paths. */
const PATH = /(?:`|\]\()((?:apps|packages|infra|load-tests|docs)\/[\w./-]+)(?:`|\))/g;

for (const document of documents) {
  const text = readFileSync(join(root, document), "utf8");

  test(`${document}: the paths that it names exist`, () => {
    const missing = [...text.matchAll(PATH)]
      .map((match) => match[1] ?? "")
      .filter((path) => !existsSync(join(root, path)));
    assert.deepEqual(missing, []);
  });

  test(`${document}: the npm commands that it shows are scripts, and start programs that exist`, () => {
    for (const [, name = "", workspace] of text.matchAll(/\bnpm run (?:-s )?([\w:-]+)(?: -w ([\w/-]+))?/g)) {
      if (workspace !== undefined) {
        const inRoom = JSON.parse(readFileSync(join(root, workspace, "package.json"), "utf8")).scripts ?? {};
        assert.ok(inRoom[name], `npm run ${name} -w ${workspace}`);
        continue;
      }
      assert.ok(scripts[name], `npm run ${name}`);
      const program = /(?:apps|packages|infra|load-tests)\/\S+\.(?:m?ts|mjs)/.exec(
        scripts[name].replace("infra/setup/run.mjs ", ""),
      )?.[0];
      if (program) assert.ok(existsSync(join(root, program)), `npm run ${name} starts ${program}`);
    }
  });

  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? "");
  if (blocks.length > 0) {
    test(`${document}: its TypeScript is well-typed`, () => {
      // Beside the packages, so that their names resolve as they do for a reader.
      const folder = mkdtempSync(join(root, "infra", ".docs-"));
      try {
        blocks.forEach((block, index) => {
          writeFileSync(join(folder, `block-${index}.ts`), `${block}\nexport {};\n`);
        });
        writeFileSync(
          join(folder, "tsconfig.json"),
          JSON.stringify({ extends: "../../tsconfig.json", include: ["*.ts"], exclude: [] }),
        );
        const done = spawnSync("tsc", ["--noEmit", "-p", folder], {
          encoding: "utf8",
          env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` },
        });
        assert.equal(done.status, 0, done.stdout);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
}
