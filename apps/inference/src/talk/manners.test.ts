import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { ULAW_TO_LINEAR } from "@sidetone/audio";
import { loadPlaybook, shippedPlaybookPath } from "@sidetone/dialogue";
import { SHIPPED_WEIGHTS_FOLDER } from "@sidetone/interaction-model";
import { DECISIONS, HOP_SAMPLES, type PodOutput } from "@sidetone/protocol";
import { NativeEngine, Speaker, SpeechCache } from "@sidetone/speech";
import { startPod } from "../testing/start-pod.ts";
import { type ClientCall, TickClient } from "../testing/tick-client.ts";

const HOP_MS = 40;
const document = loadPlaybook(shippedPlaybookPath("retail-order-support")).document;

/** Root mean square of one hop, in 16-bit steps. */
function level(hop: Uint8Array): number {
  let sum = 0;
  for (const byte of hop) sum += ULAW_TO_LINEAR[byte]! ** 2;
  return Math.sqrt(sum / hop.length);
}

/**
 * Manners at the caller's ear: the real pod over its gRPC, the real dialogue and synthesised speech on both sides, on
 * a virtual clock. Only the decisions are a rule's, so that nothing here depends on what the weights have learned.
 */
describe("manners, at the caller's ear", () => {
  let folder: string;
  let running: Awaited<ReturnType<typeof startPod>>;
  let voice: Speaker;
  let client: TickClient;
  let call: ClientCall;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "manners-"));
    running = await startPod({
      modelDir: SHIPPED_WEIGHTS_FOLDER,
      wrapper: new URL("../testing/rule-model.ts", import.meta.url).href,
      dataDir: folder,
      awaitSpeech: true,
      slots: 2,
      capacityCalls: 2,
    });
    voice = new Speaker({
      engines: [new NativeEngine({ library: "espeak", voice: "en-us" })],
      voice: "espeak/en-us",
      fallbackVoice: "espeak/en-us",
      cache: await SpeechCache.open({}),
    });
    await voice.start();
  });
  after(async () => {
    await voice.close();
    await running.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    client = new TickClient(running.client);
    call = client.open(1, { playbook: { id: "retail-order-support", version: 1, model: "interaction", document } });
  });

  afterEach(() => client.stream.end());

  const of = <T extends PodOutput["type"]>(type: T) =>
    call.outputs.filter((output): output is Extract<PodOutput, { type: T }> => output.type === type);
  const until = async (done: () => boolean): Promise<void> => {
    for (let hop = 0; !done(); hop++) {
      assert.ok(hop < 750, `not within 30 s: ${JSON.stringify(call.outputs.at(-1))}`);
      await client.step();
    }
  };
  const says = async (text: string, hops = Number.POSITIVE_INFINITY): Promise<void> => {
    const speech = voice.say(text);
    await speech.finished;
    for (let at = 0, hop = 0; at + HOP_SAMPLES <= speech.readyThroughSamples && hop < hops; at += HOP_SAMPLES, hop++) {
      await client.step(() => speech.muLaw.subarray(at, at + HOP_SAMPLES));
    }
  };
  /** The first line that may be interrupted is being heard. */
  const inTheMiddle = async (): Promise<void> => {
    await until(() => of("said").some((said) => !said.uninterruptible));
    const said = of("said").at(-1)!;
    await until(() => call.ear.heardSamples > said.startSamples + 4_000);
  };

  test("a caller who takes the floor hears us stop within 200 ms, and what was heard is known to the word", async (t) => {
    await inTheMiddle();
    const said = of("said").at(-1)!;
    const onset = call.hop;
    await says("wait a moment please I have a question");
    const stopped = call.ear.played.findLastIndex((hop, at) => at >= onset && at < onset + 25 && level(hop) > 50);
    const stopMs = (stopped + 1 - onset) * HOP_MS;
    t.diagnostic(`silent ${stopMs} ms after the caller began`);
    assert.ok(stopMs <= 200, `${stopMs} ms`);
    const [yielded] = of("yielded");
    assert.equal(`${yielded!.heardText} ${yielded!.unheardText}`, said.text);
    const words = of("worded").findLast((worded) => worded.utteranceId === said.utteranceId)!.words;
    assert.ok(yielded!.heardThroughWord < words.length - 1, "not all of it was heard");
    assert.equal(call.ear.epoch, 1);
  });

  test("a short sound ducks us by 8 dB and we are back within 80 ms of its end", async () => {
    await inTheMiddle();
    const onset = call.hop;
    await says("mm", 2);
    const end = call.hop;
    await until(() => of("finished").length === of("said").length);
    const gains = call.gains.slice(onset, end + 4);
    assert.equal(gains[0], -8, "in the hop of the sound");
    const back = gains.indexOf(0);
    assert.ok(back >= 0 && (onset + back - end + 1) * HOP_MS <= 80, JSON.stringify(gains));
    assert.deepEqual(of("yielded"), []);
  });

  test("a line that may not be stopped is ducked under a caller who talks over it, and finished", async () => {
    await until(() => of("said").length > 0 && call.ear.heardSamples > 4_000);
    assert.ok(of("said")[0]!.uninterruptible);
    const onset = call.hop;
    await says("hello can you hear me");
    const over = call.decisions.slice(onset, onset + 12).map((decision) => DECISIONS[decision]);
    assert.ok(!over.includes("yield"), over.join(" "));
    assert.ok(call.gains.slice(onset + 4, onset + 10).includes(-8));
    await until(() => of("finished").some((finished) => finished.utteranceId === of("said")[0]!.utteranceId));
  });

  test("a line is heard at the speed that was asked for", async (t) => {
    await until(() => of("expecting").some((expecting) => expecting.expectation.kind === "yes-no"));
    await until(() => of("finished").length === of("said").length);
    const lengthOf = async (text: string): Promise<number> => {
      const before = of("said").length;
      call.inputs.push({ type: "whispered", by: "sam", text: `say: ${text}` });
      const next = () => of("said").find((said, i) => i >= before && said.text.startsWith(text));
      await until(() => next() !== undefined);
      const { utteranceId, startSamples } = next()!;
      await until(() => of("finished").some((finished) => finished.utteranceId === utteranceId));
      const words = of("worded").findLast((worded) => worded.utteranceId === utteranceId)!.words;
      const spoken = words.slice(0, text.split(" ").length);
      return spoken.at(-1)!.endSamples - startSamples;
    };
    const text = "The parcel left our warehouse in the morning";
    const usual = await lengthOf(text);
    call.inputs.push({ type: "whispered", by: "sam", text: "slow down" });
    const slow = await lengthOf(text);
    t.diagnostic(`${Math.round(usual / 8)} ms, and ${Math.round(slow / 8)} ms when asked to slow down`);
    assert.ok(slow / usual > 1.1 && slow / usual < 1.25, `${slow / usual}`);
    assert.deepEqual(
      of("whisper-answered").map((answer) => [answer.by, answer.understood, answer.did]),
      [
        ["sam", true, "says it"],
        ["sam", true, "speaks more slowly"],
        ["sam", true, "says it"],
      ],
    );
  });

  test("the answer comes in the hop of the decision: 320 ms of quiet, and one hop to be heard", async (t) => {
    await until(() => of("expecting").some((expecting) => expecting.expectation.kind === "yes-no"));
    await until(() => of("finished").length === of("said").length);
    const before = of("said").length;
    await says("yes");
    const quietFrom = call.hop;
    await until(() => of("said").length > before && call.ear.played.at(-1)!.some((byte) => byte !== 0xff));
    const latencyMs = (call.hop - quietFrom) * HOP_MS;
    t.diagnostic(`heard ${latencyMs} ms after the caller's audio ended`);
    assert.ok(latencyMs <= 480, `${latencyMs} ms`);
  });
});
