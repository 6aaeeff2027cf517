import type { CostClass } from "./tasks.ts";

/**
 * Every Redis key that two processes share. All streams are capped (`MAXLEN ~`), nothing is awaited
 * on the hop's road.
 */
export const REDIS_PREFIX = "sidetone";

/** Stream of every `CallEvent` of every call; field `json`. Read by dashboard and worker. */
export const CALL_EVENTS_STREAM = `${REDIS_PREFIX}:events`;
export const CALL_EVENTS_MAX_LENGTH = 100_000;

/** Stream of `BridgeCommand`s for one bridge process (findings, supervision); field `json`. */
export const bridgeInboxStream = (bridgeId: string): string => `${REDIS_PREFIX}:inbox:${bridgeId}`;
export const BRIDGE_INBOX_MAX_LENGTH = 50_000;

/** Hash bridgeId -> JSON {publicUrl, startedAt, calls, seenAt}: which bridges live. */
export const BRIDGES_HASH = `${REDIS_PREFIX}:bridges`;

/** Pub/sub, binary: 8-byte big-endian hop index, then 320 bytes caller, 320 bytes agent, repeated. */
export const listenChannel = (callId: string): string => `${REDIS_PREFIX}:listen:${callId}`;
/** Pub/sub, binary: 8 kHz mu-law of the supervisor who took the call over. */
export const speakChannel = (callId: string): string => `${REDIS_PREFIX}:speak:${callId}`;

/** Set while a call lives: value is the bridge's id; expires a minute after the bridge's last renewal. */
export const callOwnerKey = (callId: string): string => `${REDIS_PREFIX}:call:${callId}:bridge`;

/**
 * Set when a task may no longer speak; expires after an hour. Its value is decimal: findings of epochs
 * below it are void, so a supersede writes its own `epoch`, a cancel `TASK_VOID_ALL`.
 */
export const taskVoidKey = (taskId: string): string => `${REDIS_PREFIX}:task:${taskId}:void`;
export const TASK_VOID_ALL = 2_147_483_647;
/** Result of a side effect, by idempotency key; kept a week. */
export const effectKey = (idempotencyKey: string): string => `${REDIS_PREFIX}:effect:${idempotencyKey}`;
/** List of the latest durations of a task kind in milliseconds. */
export const taskDurationsKey = (kind: string): string => `${REDIS_PREFIX}:durations:${kind}`;

/** Hash worker -> JSON `ConnectorStates`: what each worker's connectors are and how they do. */
export const CONNECTORS_HASH = `${REDIS_PREFIX}:connectors`;
/** List of `ConnectorCheck`s: the first worker that is free takes one and tries that connector. */
export const CONNECTOR_CHECKS_LIST = `${REDIS_PREFIX}:connector-checks`;
/** List of one `ConnectorChecked`: the answer to a check; expires after a minute. */
export const connectorCheckedKey = (id: string): string => `${REDIS_PREFIX}:connector-checked:${id}`;

/** BullMQ queue names may not contain ":"; the BullMQ prefix is REDIS_PREFIX. */
export const queueName = (costClass: CostClass): string => `tasks-${costClass}`;
/** BullMQ job id of a task: the same delegation twice is one job. */
export const taskJobId = (taskId: string, epoch: number): string => `${taskId}-${epoch}`;
