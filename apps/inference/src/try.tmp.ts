import { writeFileSync } from "node:fs";
import { LINEAR_TO_ULAW } from "@sidetone/audio";
import { loadPlaybook, shippedPlaybookPath } from "@sidetone/dialogue";
import { SHIPPED_WEIGHTS_FOLDER } from "@sidetone/interaction-model";
import { DECISIONS, HOP_SAMPLES, OVERLAP_KINDS } from "@sidetone/protocol";
import { NativeEngine, Speaker, SpeechCache } from "@sidetone/speech";
import { startPod } from "./testing/start-pod.ts";
import { TickClient } from "./testing/tick-client.ts";

const engine = new NativeEngine({
  library: (process.env.CALLER?.split("/")[0] as "flite") ?? "flite",
  voice: process.env.CALLER?.split("/")[1] ?? "rms",
});
const speaker = new Speaker({
  engines: [engine],
  voice: process.env.CALLER ?? "flite/rms",
  fallbackVoice: process.env.CALLER ?? "flite/rms",
  cache: await SpeechCache.open({}),
});
await speaker.start();
const lines = process.argv.slice(2);
const audio = [];
const starts: (number | undefined)[] = [];
for (const l0 of lines) {
  const m = /^@([\d.]+) (.*)$/.exec(l0);
  starts.push(m ? Number(m[1]) : undefined);
  const l = m ? m[2]! : l0;
  const u = speaker.say(l);
  await u.finished;
  audio.push(u.muLaw.slice());
}
await speaker.close();
const pod = await startPod({
  modelDir: SHIPPED_WEIGHTS_FOLDER,
  slots: 4,
  capacityCalls: 4,
  awaitSpeech: true,
  dataDir: "/tmp/try",
  logLevel: "warn",
});
const client = new TickClient(pod.client);
const call = client.open(1, {
  playbook: {
    id: "retail-order-support",
    version: 1,
    model: "interaction",
    document: loadPlaybook(shippedPlaybookPath("retail-order-support")).document,
  },
  timeZone: "Europe/London",
});
let seen = 0;
let spoke = false;
let queue: Uint8Array | undefined;
let at = 0;
let quiet = 0;
let next = 0;
let lastDec = "";
const noise = () =>
  Uint8Array.from({ length: HOP_SAMPLES }, () => LINEAR_TO_ULAW[Math.round(30 * (Math.random() - 0.5)) & 0xffff]!);
let speechEnd = -1;
const heardCaller: Uint8Array[] = [];
for (let hop = 0; hop < 25 * 60; hop++) {
  const playing = call.ear.waitingSamples > 0;
  quiet = playing ? 0 : quiet + 1;
  if (playing && !queue) spoke = true;
  const st = starts[next];
  if (!queue && next < audio.length && hop > 60 && (st !== undefined ? hop * 0.04 >= st : quiet > 18 && spoke)) {
    spoke = false;
    queue = audio[next++];
    at = 0;
    console.log(`${((hop * 40) / 1000).toFixed(2)} CALLER starts "${lines[next - 1]}"`);
  }
  const a = noise();
  if (queue) {
    a.set(queue.subarray(at, at + HOP_SAMPLES));
    at += HOP_SAMPLES;
    if (at >= queue.length) {
      queue = undefined;
      speechEnd = hop;
      console.log(`${(((hop + 1) * 40) / 1000).toFixed(2)} CALLER ends`);
    }
  }
  heardCaller.push(a);
  const reply = await client.step(() => a);
  const s = (i: number) => reply.scores.readFloatLE(i * 4).toFixed(2);
  const dec = DECISIONS[call.decisions.at(-1)!]!;
  if (dec !== lastDec || process.env.V)
    console.log(
      `${(((hop + 1) * 40) / 1000).toFixed(2)}   ${dec}  begin ${s(1)} bc ${s(2)} hold ${s(3)} duck ${s(4)} yield ${s(5)} | ${OVERLAP_KINDS.map((k, i) => k[0] + s(6 + i)).join(" ")}`,
    );
  lastDec = dec;
  for (; seen < call.outputs.length; seen++) {
    const o = call.outputs[seen]!;
    if (o.type === "snapshot" || o.type === "worded") continue;
    const show =
      o.type === "heard"
        ? `heard ${o.turn}.${o.revision}${o.final ? " FINAL" : ""}: ${o.words.map((w) => `${w.text}(${w.confidence.toFixed(2)})`).join(" ")} ${o.want ?? ""}`
        : JSON.stringify(o);
    console.log(
      `${(((hop + 1) * 40) / 1000).toFixed(2)}     ${show}${o.type === "said" && speechEnd >= 0 ? ` [${(hop - speechEnd) * 40} ms after caller]` : ""}`,
    );
    if (o.type === "delegate")
      call.inputs.push({
        type: "finding",
        finding: {
          taskId: o.taskId,
          epoch: o.epoch,
          kind: o.kind,
          outcome: "found",
          tookMs: 300,
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
        },
      });
    if (o.type === "hang-up" || o.type === "failed") hop = 1e9;
  }
}
client.stream.end();
await pod.close();
writeFileSync("/tmp/try/agent.ul", Buffer.concat(call.ear.played));
writeFileSync("/tmp/try/caller.ul", Buffer.concat(heardCaller));
