import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { shippedPlaybookPath } from "@sidetone/dialogue";
import { createLog, realClock, SidetoneError } from "@sidetone/platform";
import { readPlaybooks } from "./playbook-files.ts";
import { LINE_TEST, PlaybookTable } from "./playbook-source.ts";
import { PlaybookWatch } from "./playbook-watch.ts";

const SHIPPED = "retail-order-support";
let folder: string;
let source: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "playbooks-"));
  await mkdir(join(folder, "published"));
  source = await readFile(shippedPlaybookPath(SHIPPED), "utf8");
});
after(() => rm(folder, { recursive: true }));

describe("a table of playbooks", () => {
  const other = { ...LINE_TEST, id: "other" };
  const routed = new PlaybookTable({ numbers: { "+441": "other", "+442": "gone" }, byDefault: undefined }, [other]);
  const cases: { to: string; id: string | undefined }[] = [
    { to: "+441", id: "other" },
    { to: "line-test", id: "line-test" },
    { to: "+449", id: "other" },
    { to: "+442", id: undefined },
  ];
  for (const { to, id } of cases) {
    test(`routes ${to} to ${id ?? "nothing, and says so"}`, () => {
      if (id) assert.equal(routed.forNumber(to).id, id);
      else
        assert.throws(
          () => routed.forNumber(to),
          (e) => e instanceof SidetoneError && e.code === "PLAYBOOK_UNKNOWN",
        );
    });
  }

  test("with nothing but the line test, every number is the line test's", () => {
    assert.equal(new PlaybookTable({ numbers: {}, byDefault: undefined }).forNumber("+44").id, "line-test");
  });
});

test("a published version replaces the shipped one; a broken file costs only itself", async () => {
  await writeFile(join(folder, "published", `${SHIPPED}.json`), JSON.stringify({ id: SHIPPED, version: 42, source }));
  await writeFile(join(folder, "published", "broken.yaml"), "model: [");
  const found = readPlaybooks(folder);
  assert.equal(found.playbooks.find((playbook) => playbook.id === SHIPPED)?.version, 42);
  assert.deepEqual(
    found.faults.map((fault) => [fault.path, fault.code]),
    [[join(folder, "published", "broken.yaml"), "PLAYBOOK_YAML_INVALID"]],
  );
});

test("what is published takes the next call, and so does a number's new route", async (t) => {
  const table = new PlaybookTable({ numbers: {}, byDefault: undefined });
  const watch = new PlaybookWatch({
    clock: realClock,
    log: createLog({ process: "test", level: "silent" }),
    folder,
    table,
    numbers: { "+441632960002": "line-test" },
    byDefault: undefined,
  });
  await watch.start();
  t.after(() => watch.close());
  const number = "+441632960001";
  await writeFile(join(folder, "published", "second.json"), JSON.stringify({ id: "second", version: 1, source }));
  await writeFile(join(folder, "numbers.json"), JSON.stringify({ [number]: "second", "+441632960002": "second" }));
  const isRouted = () => table.ids.includes("second") && table.forNumber(number).id === "second";
  while (!isRouted()) await new Promise((resolve) => realClock.after(20, () => resolve(undefined)));
  assert.equal(table.forNumber("+441632960002").id, "line-test", "the configuration wins");
});
