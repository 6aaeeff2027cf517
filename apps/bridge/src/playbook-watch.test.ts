import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { shippedPlaybookPath } from "@sidetone/dialogue";
import { createLog, realClock, SidetoneError } from "@sidetone/platform";
import { ANY_NUMBER, NumberRoute, WEEKDAYS } from "@sidetone/store";
import { readPlaybooks } from "./playbook-files.ts";
import { LINE_TEST, PlaybookTable } from "./playbook-source.ts";
import { PlaybookWatch } from "./playbook-watch.ts";

const SHIPPED = "retail-order-support";
const arriving = (to: string, from = "+447700900123") => ({ to, from, carrierCallId: "CA1" });
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
      if (id) assert.equal(routed.forCall(arriving(to)).playbook.id, id);
      else
        assert.throws(
          () => routed.forCall(arriving(to)),
          (e) => e instanceof SidetoneError && e.code === "PLAYBOOK_UNKNOWN",
        );
    });
  }

  test("with nothing but the line test, every number is the line test's", () => {
    assert.equal(new PlaybookTable({ numbers: {}, byDefault: undefined }).forCall(arriving("+44")).key, "line-test");
  });
});

describe("rules of a number", () => {
  const rule = (more: Partial<NumberRoute>) =>
    NumberRoute.parse({
      id: "r",
      playbookId: "retail",
      sharePercent: 100,
      days: [...WEEKDAYS],
      fromMinute: 0,
      toMinute: 1440,
      timeZone: "Europe/London",
      ...more,
    });
  const playbook = (id: string, version: number) => ({ ...LINE_TEST, id, version });
  const tableAt = (iso: string, rules: NumberRoute[], number = "+441") => {
    const routes = { numbers: { [number]: rules }, byDefault: "night" };
    const table = new PlaybookTable(routes, [], () => Date.parse(iso));
    table.replace(routes, [playbook("retail", 1), playbook("night", 1)], [playbook("retail", 2)]);
    return table;
  };
  const office = rule({ id: "office", fromMinute: 540, toMinute: 1020 });
  const half = rule({ id: "half", version: 2, sharePercent: 50 });

  for (const [title, iso, rules, key, route] of [
    ["in the window", "2026-07-06T08:00:00Z", [office], "retail", "office"],
    ["out of it, the default", "2026-07-06T07:59:00Z", [office], "night", undefined],
    [
      "a version that is not here is passed over",
      "2026-07-06T08:00:00Z",
      [rule({ version: 9 }), office],
      "retail",
      "office",
    ],
    ["no rules, the default", "2026-07-06T08:00:00Z", [], "night", undefined],
  ] as const) {
    test(title, () => {
      const chosen = tableAt(iso, [...rules]).forCall(arriving("+441"));
      assert.deepEqual([chosen.key, chosen.route?.id], [key, route]);
    });
  }

  test("rules of any number hold for numbers without their own", () => {
    const table = tableAt("2026-07-06T08:00:00Z", [office], ANY_NUMBER);
    assert.equal(table.forCall(arriving("+449")).route?.id, "office");
  });

  test("half of the callers get the new version, each the same one at every call", () => {
    const table = tableAt("2026-07-06T08:00:00Z", [half]);
    const keys = Array.from({ length: 400 }, (_, i) => table.forCall(arriving("+441", `+4477009${10_000 + i}`)).key);
    const again = Array.from({ length: 400 }, (_, i) => table.forCall(arriving("+441", `+4477009${10_000 + i}`)).key);
    assert.deepEqual(again, keys);
    const share = keys.filter((key) => key === "retail@2").length / keys.length;
    assert.ok(share > 0.4 && share < 0.6, `${share}`);
  });

  test("callers who withhold their number are told apart by their calls", () => {
    const table = tableAt("2026-07-06T08:00:00Z", [half]);
    for (const from of ["anonymous", "", "+266696687"]) {
      const keys = Array.from(
        { length: 100 },
        (_, i) => table.forCall({ to: "+441", from, carrierCallId: `CA${i}` }).key,
      );
      assert.equal(new Set(keys).size, 2, from);
    }
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
  const isRouted = () => table.ids.includes("second") && table.forCall(arriving(number)).key === "second";
  while (!isRouted()) await new Promise((resolve) => realClock.after(20, () => resolve(undefined)));
  assert.equal(table.forCall(arriving("+441632960002")).key, "line-test", "the configuration wins");
});
