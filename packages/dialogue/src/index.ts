export type { Effect, EffectOf, SpokenAct, Urgency } from "./effects.ts";
export { DIALOGUE_ERRORS, DialogueError, type DialogueErrorCode, type PlaybookDefect } from "./errors.ts";
export type { DialogueEvent, DialogueEventOf } from "./events.ts";
export { openDialogue } from "./open.ts";
export { type ParsedPlaybook, parsePlaybook, playbookJsonSchema, validatePlaybook } from "./playbook/parse.ts";
export type { Playbook } from "./playbook/schema.ts";
export { loadPlaybook, SHIPPED_PLAYBOOKS, shippedPlaybookPath } from "./playbook-file.ts";
export { reduce } from "./reduce.ts";
export type { DialogueState, OpenOptions } from "./state.ts";
