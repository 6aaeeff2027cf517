import type { Conversation } from "../../playbook/schema.ts";

/** Expected conversations: what is heard when, and what must be said, delegated and heard back (../table.ts). */
export type Expected = readonly (readonly [name: string, rows: readonly string[], more?: Partial<Conversation>])[];
