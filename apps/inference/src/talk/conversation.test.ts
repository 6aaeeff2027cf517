import assert from "node:assert/strict";
import { test } from "node:test";
import { loadPlaybook, shippedPlaybookPath } from "@sidetone/dialogue";
import type { Finding } from "@sidetone/protocol";
import { Scene } from "../testing/scene.ts";
import { PlaybookDialogue } from "./dialogue.ts";

const { document } = loadPlaybook(shippedPlaybookPath("retail-order-support"));
const options = {
  callId: "call-1",
  playbook: document,
  from: "+447700900123",
  startedAt: "2026-05-04T10:00:00Z",
  timeZone: "Europe/London",
  seed: 3,
};
const BEGIN = { decision: { begin: 0.95 } } as const;

/** The caller says `words` one after the other, then the model lets the agent begin. */
function callerSays(scene: Scene, words: string): void {
  const list = words.split(" ");
  list.forEach((_, i) => {
    scene.steps(6, { words: list.slice(0, i + 1).join(" "), voice: 0.95 });
  });
  const said = scene.saidTexts().length;
  scene.steps(5);
  scene.until(() => scene.saidTexts().length > said, BEGIN);
  agentEnds(scene);
}

const agentEnds = (scene: Scene): void =>
  scene.until(() => {
    const said = scene.saidTexts().length;
    return said > 0 && scene.outputsOf("finished").length + scene.outputsOf("yielded").length === said;
  });

test("a whole call over the real dialogue: greeting, consent, lookup, answer, goodbye, hang-up", () => {
  const scene = new Scene({ dialogue: new PlaybookDialogue(options) });
  agentEnds(scene);
  assert.match(scene.saidTexts()[0]!, /Harbour and Lane/);
  callerSays(scene, "yes");
  assert.deepEqual(
    scene.outputsOf("recording").map((o) => o.on),
    [true],
  );
  callerSays(scene, "where is my order");
  assert.equal(scene.outputsOf("expecting").at(-1)!.expectation.kind, "digits");
  callerSays(scene, "four seven two nine one");
  const [task] = scene.outputsOf("delegate");
  assert.deepEqual([task?.kind, task?.input], ["order-status", { orderNumber: "47291" }]);
  const finding: Finding = {
    taskId: task!.taskId,
    epoch: task!.epoch,
    kind: "order-status",
    outcome: "found",
    output: {
      order: {
        id: "o1",
        number: "47291",
        status: "out-for-delivery",
        customerId: "c1",
        placedOn: "2026-05-01",
        items: [],
        totalCents: 1000,
        currency: "GBP",
      },
    },
    tookMs: 300,
  };
  const before = scene.saidTexts().length;
  scene.receive({ type: "finding", finding });
  scene.until(() => scene.saidTexts().length > before, BEGIN);
  agentEnds(scene);
  assert.match(scene.saidTexts().at(-1)!, /out for delivery/);
  callerSays(scene, "no thank you goodbye");
  scene.until(() => scene.outputsOf("hang-up").length > 0, BEGIN);
  const order = scene.outputs.map((o) => o.type);
  assert.ok(order.lastIndexOf("finished") < order.indexOf("hang-up"), "the goodbye is heard before we hang up");
});

test("a line that is interrupted is not said again from the top", () => {
  const scene = new Scene({ dialogue: new PlaybookDialogue(options) });
  agentEnds(scene);
  callerSays(scene, "no");
  callerSays(scene, "where is my order");
  callerSays(scene, "four seven two nine one");
  const said = scene.saidTexts().length;
  scene.until(() => scene.saidTexts().length > said, BEGIN);
  scene.steps(10);
  scene.step({ decision: { yield: 0.95 }, overlap: "floor-taking", voice: 0.95 });
  callerSays(scene, "actually can i speak to a person");
  const [yielded] = scene.outputsOf("yielded");
  const line = scene.outputsOf("said").find((o) => o.utteranceId === yielded!.utteranceId)!;
  assert.equal(`${yielded!.heardText} ${yielded!.unheardText}`, line.text);
  assert.ok(
    scene
      .saidTexts()
      .slice(said + 1)
      .every((text) => text !== line.text),
  );
});

test("the dialogue survives serialisation at any hop: the other pod says the same", () => {
  const scene = new Scene({ dialogue: new PlaybookDialogue(options) });
  agentEnds(scene);
  callerSays(scene, "yes");
  const snapshot = JSON.parse(JSON.stringify(scene.loop.snapshot()));
  assert.ok(JSON.stringify(snapshot).length < 32_768, "a snapshot is bounded");
  const other = new Scene({ dialogue: new PlaybookDialogue(options, snapshot.dialogue), resumed: snapshot });
  other.hop = scene.hop;
  callerSays(scene, "where is my order");
  callerSays(other, "where is my order");
  assert.equal(other.saidTexts().at(-1), scene.saidTexts().at(-1));
});
