import { CallFigures } from "@sidetone/protocol";
import { type Database, type TapeStorage, upsertCall } from "@sidetone/store";
import type { Redis } from "ioredis";
import type { CrmRouter } from "../crm-router.ts";
import { runOnce } from "../effects.ts";
import { TaskFault } from "../task-fault.ts";
import { callStateKey } from "../task-state.ts";
import type { Tools } from "../tool.ts";
import { scoreCall } from "./automatic-score.ts";
import { customerOf, reportOf } from "./call-report.ts";
import { type CallStory, readStory } from "./call-story.ts";
import { maskSecrets } from "./masking.ts";

export interface AfterCallWorld {
  database: Database;
  crm: CrmRouter;
  redis: Redis;
  /** Where the bridge put the tape: its folder on this machine, or the object store. */
  tapes: Pick<TapeStorage, "find">;
  /** A better summary from the reasoning model, where there is one; undefined when it could not. */
  summarise?: (
    transcript: string,
    signal: AbortSignal,
  ) => Promise<{ summary: string; followUps: readonly string[] } | undefined>;
}

/**
 * What follows a call. Every step may be run again: the row and its index are written whole, a score
 * replaces the former one, the note in the CRM has its own effect key.
 */
export function afterCallTools(world: AfterCallWorld): Tools {
  return {
    "after-call": {
      repeatable: () => true,
      run: async ({ tapePath, endReason }, { task, signal }) => {
        const tape = await world.tapes.find(tapePath);
        if (!tape) throw new TaskFault("TAPE_INVALID", `there is no tape at ${tapePath}`, true);
        const story = masked(await readStory(tape.bytes));
        const report = reportOf(story, endReason);
        const better = await world.summarise?.(transcriptOf(story), signal);
        const summary = better?.summary ?? report.summary;
        const followUps = [...new Set([...report.followUps, ...(better?.followUps ?? [])])];
        const { callId } = task;
        const db = world.database.db;
        await upsertCall(
          db,
          {
            id: callId,
            ...identityOf(story),
            durationMs: story.durationMs,
            endReason,
            outcome: report.outcome,
            disposition: report.disposition,
            summary,
            ...(report.topWant === undefined ? {} : { topWant: report.topWant }),
            ...(story.transfer ? { transferTarget: story.transfer.target, transferReason: story.transfer.reason } : {}),
            recorded: story.recorded,
            tapePath,
            modelHash: story.header.modelHash,
            longestLookupMs: report.longestLookupMs,
            uncovered: report.uncovered,
            ...(await figuresOf(world.redis, callId)),
          },
          {
            turns: story.turns,
            marks: [
              ...story.marks,
              ...followUps.map((detail) => ({ atMs: story.durationMs, kind: "follow-up", detail })),
            ],
          },
        );
        await scoreCall(db, callId);
        await noteInCrm(world, task, customerOf(story), [summary, ...followUps].join(" "), signal);
        return { summary, disposition: report.disposition };
      },
    },
  };
}

/** Secrets leave the story before anything of it is stored. */
function masked(story: CallStory): CallStory {
  return {
    ...story,
    turns: story.turns.map((turn) => ({
      ...turn,
      text: maskSecrets(turn.text),
      ...(turn.unheard === undefined ? {} : { unheard: maskSecrets(turn.unheard) }),
    })),
    slots: Object.fromEntries(Object.entries(story.slots).map(([slot, value]) => [slot, maskSecrets(value)])),
  };
}

const transcriptOf = (story: CallStory): string => story.turns.map((turn) => `${turn.who}: ${turn.text}`).join("\n");

function identityOf({ opened, header }: CallStory) {
  return {
    carrierCallId: header.carrierCallId,
    bridgeId: header.bridgeId,
    startedAt: header.startedAt,
    ...(opened
      ? {
          from: opened.from,
          to: opened.to,
          direction: opened.direction,
          playbookId: opened.playbook.id,
          playbookVersion: opened.playbook.version,
        }
      : {}),
  };
}

/** The bridge's figures, which the call watch kept from the `ended` event. */
async function figuresOf(redis: Redis, callId: string): Promise<{ figures?: CallFigures }> {
  const json = await redis.hget(callStateKey(callId), "figures");
  const figures = json === null ? undefined : CallFigures.safeParse(JSON.parse(json)).data;
  return figures ? { figures } : {};
}

async function noteInCrm(
  world: AfterCallWorld,
  task: Parameters<typeof runOnce>[1],
  customerId: string | undefined,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const connector = world.crm.for("addNote");
  if (customerId === undefined || !connector.can("addNote")) return;
  // The key follows from the call alone: work that is run again writes no second note.
  const idempotencyKey = `after-call:${task.callId}:note`;
  await runOnce(world.redis, { ...task, idempotencyKey }, connector.isRepeatable("addNote"), (repeated) =>
    connector.call("addNote", { customerId, text }, { signal, idempotencyKey, repeated }),
  );
}
