import { join } from "node:path";
import { CallEvent, CONNECTORS_HASH, type RerunResult, type RerunSide } from "@sidetone/protocol";
import {
  addPlaybookDraft,
  addToSet,
  claimRerunBatch,
  createApiToken,
  createRerunBatch,
  createSet,
  disputeScore,
  endRerunBatch,
  expectOf,
  findPlaybookVersion,
  saveScore,
  saveScorecard,
  scoresOf,
  totalOf,
  updateRerun,
  upsertCall,
  writeAudit,
} from "@sidetone/store";
import { seededRandom, writeMadeCall } from "@sidetone/testkit";
import { sourceHash } from "../reruns/gate.ts";
import { inShort } from "../reruns/stored.ts";
import { PASSWORD, started, type TestDashboard } from "./fixture.ts";

const HOUR_MS = 3_600_000;
const RETAIL = "retail-order-support";
const WANTS = ["order-status", "return", "refund", "delivery-address", "cancel-order"] as const;
const ASKED = {
  "order-status": "where is my order it should have been here on monday",
  return: "I would like to send the lamp back it does not fit",
  refund: "when do I get my money back for the chair",
  "delivery-address": "could you send it to another address please",
  "cancel-order": "I would like to cancel the order from yesterday",
} as const;
const UNCOVERED = ["do you sell bicycles", "is the showroom in Bristol open", "can I get an invoice in euros"];
const QUESTIONS = [
  ["greeting", "Greeted, and said that it is an assistant", 1, false],
  ["understood", "Understood what the caller wanted at the first try", 3, false],
  ["identity", "Checked the order number before it told anything", 2, true],
  ["answer", "Gave a right and whole answer", 4, false],
  ["pace", "Answered without dead air", 2, false],
] as const;

/** What a contact centre has after some weeks: enough on every page to judge how it looks. */
export interface Centre {
  /** A call of some minutes with everything on its tape. */
  callId: string;
  setId: string;
  rerunId: string;
  runningRerunId: string;
}

/** Fills a dashboard's database and storage; the same for the same seed, but for the times. */
export async function fillCentre(test: TestDashboard): Promise<Centre> {
  const { database, accounts } = test.dashboard.context;
  const { db } = database;
  const random = seededRandom(11);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const between = (low: number, high: number) => Math.round(low + random() * (high - low));
  for (const [email, name, role] of [
    ["ada@example.com", "Ada Lovelace", "admin"],
    ["grace@example.com", "Grace Hopper", "qa"],
    ["alan@example.com", "Alan Turing", "qa"],
    ["mary@example.com", "Mary Somerville", "supervisor"],
    ["viola@example.com", "Viola Marsh", "viewer"],
  ] as const)
    await accounts.create({ email, name, role, password: PASSWORD });

  const callId = "3f0c2a9e71d4";
  const startedAt = new Date(Date.now() - 0.3 * HOUR_MS).toISOString();
  const tapePath = join(test.dataDir, "tapes", `${callId}.tape`);
  await writeMadeCall(tapePath, { callId, durationMs: 240_000, seed: 3, startedAt });
  const ids = [callId, ...Array.from({ length: 63 }, (_, i) => `c${i.toString(16).padStart(3, "0")}e71d4`)];
  for (const [index, id] of ids.entries()) {
    const want = oneOf(WANTS);
    const isUncovered = random() < 0.12;
    const outcome = isUncovered
      ? "unresolved"
      : random() < 0.78
        ? "contained"
        : random() < 0.7
          ? "transferred"
          : "abandoned";
    const responses = Array.from({ length: between(4, 14) }, () => between(180, random() < 0.12 ? 1_400 : 620));
    const cutIns = random() < 0.15 ? 1 : 0;
    const text = isUncovered ? oneOf(UNCOVERED) : ASKED[want];
    const durationMs = id === callId ? 240_000 : between(40_000, 420_000);
    const at = id === callId ? startedAt : new Date(Date.now() - (index * 2.6 + random()) * HOUR_MS).toISOString();
    await upsertCall(
      db,
      {
        id,
        tapePath,
        carrier: "twilio",
        from: `+4416329601${String(between(10, 99))}`,
        to: "+15550100",
        playbookId: index % 9 === 4 ? "clinic-appointments" : RETAIL,
        playbookVersion: 1,
        ...(index % 3 === 0 && {
          route: { id: "r1", label: "Office hours, mon tue wed thu fri, 09:00-17:00 Europe/London" },
        }),
        startedAt: at,
        endedAt: at,
        outcome,
        endReason: outcome === "transferred" ? "transferred" : "hung-up",
        ...(!isUncovered && { topWant: want }),
        ...(outcome === "transferred" && {
          transferReason: oneOf(["asked for a person", "refund above the limit", "could not identify"]),
          transferTarget: "+15550199",
        }),
        summary: `The caller asked: ${text}. ${outcome === "contained" ? "The agent looked it up and told them." : "It was not settled in this call."}`,
        uncovered: isUncovered ? 1 : 0,
        longestLookupMs: between(120, 1_900),
        ...(index % 5 === 0 && { verified: "exact", verifiedDetail: "bit-exact over 6000 hops" }),
        figures: {
          durationMs,
          responseLatenciesMs: responses,
          stopLatenciesMs: Array.from({ length: between(0, 3) }, () => between(60, 260)),
          yields: between(0, 3),
          backchannels: between(0, 5),
          cutIns,
          lostHops: 0,
          longestSilenceMs: between(600, 4_200),
        },
      },
      { turns: [{ who: "caller", startMs: 0, endMs: 2_400, text }], marks: [] },
    );
  }

  const document = {
    criteria: QUESTIONS.map(([id, question, weight, autoFail]) => ({
      id,
      question,
      weight,
      required: true,
      autoFail,
      ...(id === "pace" && { auto: { figure: "longest_silence_ms" as const, atMost: 2_500 } }),
    })),
  };
  const card = await saveScorecard(db, { name: "Service standard", document, by: "Ada Lovelace", active: true });
  for (const [index, id] of ids.slice(0, 16).entries()) {
    for (const scorer of index % 2 === 0 ? ["grace@example.com", "alan@example.com"] : ["grace@example.com"]) {
      const answers = QUESTIONS.map(([criterionId]) => ({
        criterionId,
        met: random() < 0.82 ? 1 : 0,
        ...(criterionId === "answer" && { atMs: 21_000 }),
      }));
      const { total, failed } = totalOf(document, answers);
      await saveScore(db, {
        callId: id,
        scorecardId: card.id,
        scorecardVersion: card.version,
        scorer,
        scorerKind: "human",
        total,
        failed,
        answers,
      });
    }
  }
  const [disputed] = await scoresOf(db, ids[2] ?? "");
  if (disputed)
    await disputeScore(db, disputed.id, {
      text: "The order number was given at 0:41; please listen again.",
      state: "open",
    });
  for (const [atMs, author, text] of [
    [12_400, "grace@example.com", "Well asked: one question, not three."],
    [64_000, "alan@example.com", "Here it could have murmured while the lookup ran."],
  ] as const)
    await db
      .insertInto("comments")
      .values({ id: `k${atMs}`, call_id: callId, at_ms: atMs, author, text, created_at: startedAt, resolved_at: null })
      .execute();

  const source = (await findPlaybookVersion(db, RETAIL, 1))?.source ?? "";
  const draft = source
    .replace("company: Harbour and Lane", "company: Harbour and Lane Homeware")
    .replace("format: 1", "format: 1\n# Spring opening hours");
  const version = await addPlaybookDraft(db, {
    playbookId: RETAIL,
    name: "Retail order support",
    source: draft,
    by: "ada@example.com",
  });
  const setId = await createSet(db, { name: "Late parcels", kind: "calls", by: "Grace Hopper" });
  await addToSet(db, setId, ids.slice(0, 24));
  await expectOf(db, setId, callId, {
    wants: ["order-status"],
    slots: { "order-number": "10001" },
    says: ["on its way"],
  });
  const search = await createSet(db, {
    name: "Slow answers",
    kind: "search",
    query: { responseOverMs: 800 },
    by: "Grace Hopper",
  });
  const against = { playbookId: RETAIL, playbookVersion: version, sourceHash: sourceHash(draft), against: {} };
  const order = (name: string, callIds: readonly string[], set: string) =>
    createRerunBatch(db, { name, ...against, setId: set, callIds, by: "Grace Hopper" });
  const rerunId = await order(`Late parcels against ${RETAIL} v${version}`, ids.slice(0, 24), setId);
  const claim = { by: "elsewhere", leaseMs: 24 * HOUR_MS };
  await claimRerunBatch(db, claim);
  for (const [index, id] of ids.slice(0, 24).entries()) {
    const outcome = {
      result: rerunResult(index),
      regressions: index === 5 ? ["The want refund was not recognised."] : [],
    };
    await updateRerun(db, rerunId, id, { state: "done", progress: 1, result: outcome, short: inShort(outcome) });
  }
  await endRerunBatch(db, rerunId, { by: claim.by, state: "done" });
  const rerunTape = join(test.dataDir, "reruns", rerunId, `${callId}.tape`);
  await writeMadeCall(rerunTape, { callId, durationMs: 120_000, seed: 5, startedAt });
  const runningRerunId = await order(`Slow answers against ${RETAIL} v${version}`, ids.slice(0, 60), search);
  await claimRerunBatch(db, claim);
  for (const [index, id] of ids.slice(0, 31).entries()) {
    const outcome = { result: rerunResult(index), regressions: [] };
    const isOver = index < 23;
    await updateRerun(
      db,
      runningRerunId,
      id,
      isOver
        ? { state: "done", progress: 1, result: outcome, short: inShort(outcome) }
        : { state: "running", progress: (index - 22) / 10 },
    );
  }

  await createApiToken(db, { name: "wallboard", role: "viewer", createdBy: "Ada Lovelace" });
  await createApiToken(db, {
    name: "quality export",
    role: "qa",
    createdBy: "Ada Lovelace",
    expiresAt: new Date(Date.now() + 30 * 24 * HOUR_MS).toISOString(),
  });
  for (const [act, subject, detail] of [
    ["playbook.publish", RETAIL, "v1"],
    ["live.take-over", ids[4], null],
    ["score.dispute-open", ids[2], null],
    ["connector.check", "fulfilment", "CONNECTOR_AUTH"],
  ] as const)
    await writeAudit(db, {
      actor: "mary@example.com",
      actorKind: "user",
      role: "supervisor",
      act,
      subject: subject ?? "",
      ...(detail && { detail }),
      ip: "10.0.4.17",
    });
  await liveCalls(test);
  return { callId, setId, rerunId, runningRerunId };
}

/** Two dozen calls that are going on, in the states that calls are in. */
async function liveCalls(test: TestDashboard): Promise<void> {
  const random = seededRandom(5);
  const heard = "where is my order it should have been here on monday".split(" ");
  for (let i = 0; i < 26; i++) {
    const callId = `live${i}`;
    const atMs = Math.round(20_000 + random() * 200_000);
    const base = { callId, atMs };
    const words = heard.map((text, k) => ({
      text,
      startMs: atMs - 9_000 + k * 320,
      endMs: atMs - 8_740 + k * 320,
      confidence: 0.9,
    }));
    const events: CallEvent[] = [
      started(callId, {
        from: `+4416329602${String(i).padStart(2, "0")}`,
        startedAt: new Date(Date.now() - atMs).toISOString(),
        podId: `pod-${i % 2}`,
      }),
      {
        ...base,
        type: "left",
        output: {
          type: "said",
          utteranceId: 0,
          epoch: 0,
          startSamples: 0,
          text: "You have reached Harbour and Lane. How can I help you today?",
          act: "line",
          uninterruptible: false,
        },
      },
      { ...base, type: "left", output: { type: "heard", turn: 0, revision: 1, final: true, words } },
      {
        ...base,
        type: "left",
        output: { type: "want-recognised", want: i % 3 ? "order-status" : "refund", confidence: 0.86 },
      },
      { ...base, type: "responded", latencyMs: i % 7 === 2 ? 1_240 : 380 },
      { ...base, type: "task", taskId: "t1", epoch: 0, kind: "order-status", step: "delegated" },
      { ...base, type: "floor", caller: i % 4 === 1, agent: i % 4 === 0, decision: i % 4 === 0 ? "hold" : "listen" },
    ];
    if (i % 5 === 0)
      events.push({ ...base, type: "task", taskId: "t1", epoch: 0, kind: "order-status", step: "found" });
    await test.publish(...events.map((event) => CallEvent.parse(event)));
  }
  const states = {
    worker: "worker-1",
    at: new Date().toISOString(),
    connectors: [
      {
        name: "shop",
        kind: "embedded",
        fault: null,
        circuit: "closed",
        operations: ["getOrder", "findCustomer", "createReturn"],
      },
    ],
  };
  await test.dashboard.context.redis.hset(CONNECTORS_HASH, "worker-1", JSON.stringify(states));
}

function rerunResult(index: number): RerunResult {
  const side = (more: Partial<RerunSide>): RerunSide => ({
    atMs: 0,
    heard: "",
    said: [],
    unheard: [],
    wants: [],
    slots: [],
    tasks: [],
    decisions: [],
    responseMs: null,
    cutIns: 0,
    ends: null,
    ...more,
  });
  const isChanged = index % 4 === 0;
  const answer =
    "Your order 10001 left our warehouse yesterday and should be with you tomorrow between nine and twelve.";
  const shorter = "It left our warehouse yesterday and arrives tomorrow between nine and twelve.";
  const task = { kind: "order-status", input: { orderNumber: "10001" }, outcome: "found", onTape: true };
  const asks = {
    heard: "where is my order",
    wants: ["order-status"],
    said: ["Could you tell me the order number, please?"],
  };
  const gives = { heard: "one zero zero zero one", slots: [{ slot: "order-number", value: "10001" }], tasks: [task] };
  const totals = (words: number, responseLatenciesMs: number[]): RerunResult["before"] => ({
    wants: ["order-status"],
    slots: { "order-number": "10001" },
    tasks: [task],
    words,
    decisions: { listen: 300, begin: 4, hold: 120 },
    ends: "hung-up",
    figures: {
      durationMs: 60_000,
      responseLatenciesMs,
      stopLatenciesMs: [120],
      yields: 1,
      backchannels: 2,
      cutIns: 0,
      lostHops: 0,
      longestSilenceMs: 1_200,
    },
  });
  const begins = (atMs: number) => [{ atMs, decision: "begin" }];
  return {
    before: totals(84, [420, 510, 380]),
    after: totals(isChanged ? 66 : 84, isChanged ? [360, 440, 350] : [420, 510, 380]),
    turns: [
      {
        turn: 0,
        before: side({ said: ["You have reached Harbour and Lane. How can I help you today?"] }),
        after: side({ said: ["You have reached Harbour and Lane Homeware. How can I help you today?"] }),
        changed: ["words"],
      },
      {
        turn: 1,
        before: side({ atMs: 9_200, ...asks, responseMs: 420, decisions: begins(12_100) }),
        after: side({ atMs: 9_400, ...asks, responseMs: 360, decisions: begins(12_240) }),
        changed: isChanged ? ["latency"] : [],
      },
      {
        turn: 2,
        before: side({
          atMs: 18_600,
          ...gives,
          said: [answer],
          unheard: ["Is there anything else?"],
          responseMs: 510,
          decisions: [...begins(23_000), { atMs: 27_400, decision: "yield" }],
        }),
        after: side({
          atMs: 18_900,
          ...gives,
          said: [isChanged ? shorter : answer],
          responseMs: 440,
          decisions: begins(23_100),
        }),
        changed: isChanged ? ["words", "decisions"] : [],
      },
    ],
    changed: isChanged ? ["words", "decisions", "latency"] : [],
    withoutConsent: false,
    forcedTurns: 0,
    unansweredTasks: 0,
    hops: 1_500,
    tookMs: 2_100,
    model: "interaction",
    modelHash: "5f2d",
  };
}
