import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createLog } from "@sidetone/platform";
import {
  CALL_EVENTS_STREAM,
  CallEvent,
  DECISIONS,
  EXPECTATION_KINDS,
  HOP_SAMPLES,
  MU_LAW_SILENCE,
  OVERLAP_KINDS,
  type PodInput,
  type PodOutput,
  SCORES,
  SCORES_PER_HOP,
} from "@sidetone/protocol";
import { type Role, TapeWriter } from "@sidetone/store";
import { startRedis, type TestRedis, tempFolder } from "@sidetone/testkit";
import { readDashboardConfig } from "../../src/config.ts";
import { type Dashboard, startDashboard } from "../start.ts";

export const PASSWORD = "a password of the tests";

/** A dashboard with a Redis and a database of its own, and people of every role. */
export interface TestDashboard {
  dashboard: Dashboard;
  redis: TestRedis;
  url: string;
  dataDir: string;
  publish(...events: CallEvent[]): Promise<void>;
  close(): Promise<void>;
}

export async function startTestDashboard(env: Record<string, string> = {}): Promise<TestDashboard> {
  const redis = await startRedis();
  const folder = tempFolder("dashboard");
  mkdirSync(folder.path, { recursive: true });
  const config = readDashboardConfig({
    DATA_DIR: folder.path,
    REDIS_URL: redis.url,
    DASHBOARD_PORT: "0",
    TWILIO_AUTH_TOKEN: "0123456789abcdef0123456789abcdef",
    ...env,
  });
  const dashboard = await startDashboard(config, createLog({ process: "dashboard", level: "silent" }));
  const url = await dashboard.app.listen({ port: 0, host: "127.0.0.1" });
  return {
    dashboard,
    redis,
    url,
    dataDir: folder.path,
    async publish(...events) {
      for (const event of events) {
        await dashboard.context.redis.xadd(CALL_EVENTS_STREAM, "*", "json", JSON.stringify(CallEvent.parse(event)));
      }
    },
    async close() {
      await dashboard.close();
      await redis.close();
      rmSync(folder.path, { recursive: true, force: true });
    },
  };
}

/** Somebody signed in: the headers that a browser's own page would send. */
export interface SignedIn {
  cookie: string;
  "x-csrf-token": string;
  origin: string;
}

export async function signIn(test: TestDashboard, role: Role): Promise<SignedIn> {
  const email = `${role}@example.com`;
  const { accounts } = test.dashboard.context;
  if (!(await accounts.findByEmail(email))) await accounts.create({ email, name: role, role, password: PASSWORD });
  const { app } = test.dashboard;
  const answer = await app.inject({ method: "POST", url: "/api/session", payload: { email, password: PASSWORD } });
  if (answer.statusCode !== 200) throw new Error(`Signing in as ${role} failed: ${answer.body}`);
  const cookie = [answer.headers["set-cookie"] ?? []]
    .flat()
    .map((each) => each.split(";")[0])
    .join("; ");
  const session = await app.inject({ method: "GET", url: "/api/session", headers: { cookie } });
  return { cookie, "x-csrf-token": session.json().csrfToken, origin: test.dashboard.context.config.origin };
}

export const started = (callId: string, more: Partial<CallEvent & { type: "started" }> = {}): CallEvent => ({
  type: "started",
  callId,
  atMs: 0,
  from: "+441632960011",
  to: "+15550100",
  direction: "inbound",
  playbookId: "retail-order-support",
  playbookVersion: 1,
  bridgeId: "bridge-test",
  podId: "pod-test",
  startedAt: new Date().toISOString(),
  carrier: "test",
  ...more,
});

function openTape(dataDir: string, callId: string): { tape: TapeWriter; path: string } {
  const path = join(dataDir, "tapes", `${callId}.tape`);
  const startedAt = new Date().toISOString();
  const tape = new TapeWriter(
    path,
    {
      format: "sidetone-tape",
      version: 1,
      callId,
      carrierCallId: `CA${callId}`,
      startedAt,
      sampleRateHz: 8000,
      hopSamples: 320,
      audio: "mu-law",
      scoreNames: [...DECISIONS, ...OVERLAP_KINDS],
      model: "test",
      modelHash: "0".repeat(64),
      bridgeId: "bridge-test",
      softwareVersion: "test",
    },
    { pendingMicroTurns: 1_000_000 },
  );
  tape.note({
    type: "in",
    hop: 0,
    input: {
      type: "opened",
      callId,
      from: "+441632960011",
      to: "+15550100",
      direction: "inbound",
      startedAt,
      timeZone: "UTC",
      seed: 1,
      playbook: { id: "retail-order-support", version: 1, model: "interaction", document: {} },
      taskMediansMs: {},
    },
  });
  return { tape, path };
}

/** Writes a tape that holds these notes, one a second, over silence. */
export async function writeNotes(
  dataDir: string,
  callId: string,
  notes: readonly ({ in: PodInput } | { out: PodOutput })[],
): Promise<string> {
  const { tape, path } = openTape(dataDir, callId);
  const quiet = new Uint8Array(HOP_SAMPLES).fill(MU_LAW_SILENCE);
  const hops = (notes.length + 1) * 25;
  for (let hop = 0; hop < hops; hop++) {
    tape.putHop(hop, quiet, quiet, 0, 0, 0);
    tape.putReply(hop, 0, Buffer.alloc(SCORES_PER_HOP * 4), 0, Buffer.alloc(4), 0, 0, 0);
    const note = hop % 25 === 24 ? notes[(hop - 24) / 25] : undefined;
    if (!note) continue;
    if ("in" in note) tape.note({ type: "in", hop, input: note.in });
    else if (note.out.type !== "snapshot") tape.note({ type: "out", hop, output: note.out });
  }
  tape.note({ type: "end", hop: hops, reason: "hung-up" });
  await tape.close();
  return path;
}

/** Writes a tape with speech-like bursts on both sides, with the writer that the bridge uses. */
export async function writeTape(dataDir: string, callId: string, durationMs: number): Promise<string> {
  const { tape, path } = openTape(dataDir, callId);
  const note = (hop: number, output: object) => tape.note({ type: "out", hop, output } as never);
  const loud = Uint8Array.from({ length: HOP_SAMPLES }, (_, i) => (i % 8 < 4 ? 0x1e : 0x9e));
  const quiet = new Uint8Array(HOP_SAMPLES).fill(0xff);
  const scores = Buffer.alloc(SCORES_PER_HOP * 4);
  scores.writeFloatLE(0.9, 0);
  const talking = Buffer.from(scores);
  talking.writeFloatLE(1, SCORES.callerProjectionOffset * 4);
  const conditioning = Buffer.from([EXPECTATION_KINDS.indexOf("open"), 0, 0, 0]);
  const hops = Math.round(durationMs / 40);
  let heardSamples = 0;
  // Ten seconds of talk: the caller asks, the agent answers and is interrupted every other time.
  for (let hop = 0; hop < hops; hop++) {
    const phase = hop % 250;
    const turn = Math.floor(hop / 250);
    const caller = phase < 60 || (phase > 190 && phase < 215);
    const agent = phase >= 75 && phase < 200;
    const begins = heardSamples;
    if (agent) heardSamples += HOP_SAMPLES;
    tape.putHop(hop, caller ? loud : quiet, agent ? loud : quiet, 0, heardSamples, 0);
    const decision = phase === 75 ? "begin" : phase === 200 ? "yield" : agent ? "hold" : "listen";
    tape.putReply(hop, DECISIONS.indexOf(decision), caller ? talking : scores, 0, conditioning, 0, 0, 0);
    const atMs = hop * 40;
    if (phase === 60) {
      const words = ["where", "is", "my", "order"].map((text, i) => ({
        text,
        startMs: atMs - 2_400 + i * 500,
        endMs: atMs - 2_000 + i * 500,
        confidence: 0.9,
      }));
      note(hop, { type: "heard", turn, revision: 0, final: true, words });
      note(hop, { type: "want-recognised", want: "order-status", confidence: 0.9 });
    }
    if (phase === 75) {
      const text = "Your order is on its way and should be with you tomorrow";
      note(hop, {
        type: "said",
        utteranceId: turn,
        epoch: 0,
        startSamples: begins,
        text,
        act: "answer",
        uninterruptible: false,
      });
      const words = text.split(" ").map((word, i) => ({
        text: word,
        startSamples: begins + i * 4_000,
        endSamples: begins + i * 4_000 + 3_600,
        source: "engine",
      }));
      note(hop, { type: "worded", utteranceId: turn, words });
    }
    if (phase === 200) {
      note(hop, {
        type: "yielded",
        utteranceId: turn,
        heardThroughWord: 9,
        heardText: "Your order",
        unheardText: "you tomorrow",
      });
    }
    // The writer works beside the loop; it must get its turns.
    if (hop % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
  }
  tape.note({ type: "end", hop: hops, reason: "hung-up" });
  await tape.close();
  return path;
}
