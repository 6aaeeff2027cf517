/** Every error of this package: what it means and what to do about it. */
export const DIALOGUE_ERRORS = {
  PLAYBOOK_YAML_INVALID: { message: "The file is not valid YAML", remedy: "Mend the line that is named" },
  PLAYBOOK_SCHEMA_INVALID: {
    message: "The playbook breaks its schema",
    remedy: "Mend the field that is named; playbook.schema.json describes all of them",
  },
  PLAYBOOK_REFERENCE_UNKNOWN: {
    message: "The playbook names something that it does not define",
    remedy: "Define it, or mend its spelling",
  },
  PLAYBOOK_TEMPLATE_INVALID: {
    message: "A line's template cannot be filled",
    remedy: "Close every brace, and use only filters that exist",
  },
  PLAYBOOK_LANGUAGE_UNHEARD: {
    message: "The playbook is in a language that the ears do not hear",
    remedy: "Write the playbook in English, or serve it with a model that hears its language",
  },
  PLAYBOOK_RULE_BROKEN: {
    message: "The playbook contradicts itself or a rule",
    remedy: "Mend the field that is named",
  },
  PLAYBOOK_FILE_UNREADABLE: {
    message: "The playbook file cannot be read",
    remedy: "Check the path and its permissions",
  },
  SNAPSHOT_INVALID: { message: "The snapshot is not of this dialogue", remedy: "Open the call anew with its playbook" },
} as const;
export type DialogueErrorCode = keyof typeof DIALOGUE_ERRORS;

/** One defect of a playbook, where it is and how it is cured. Lines and columns count from 1. */
export interface PlaybookDefect {
  code: DialogueErrorCode;
  line: number;
  column: number;
  /** Path of the field, dotted. */
  path: string;
  problem: string;
  cure: string;
}

export class DialogueError extends Error {
  readonly code: DialogueErrorCode;
  readonly remedy: string;
  readonly defects: readonly PlaybookDefect[];

  constructor(
    code: DialogueErrorCode,
    detail: string,
    defects: readonly PlaybookDefect[] = [],
    options?: ErrorOptions,
  ) {
    super(`${DIALOGUE_ERRORS[code].message}: ${detail}`, options);
    this.name = "DialogueError";
    this.code = code;
    this.remedy = DIALOGUE_ERRORS[code].remedy;
    this.defects = defects;
  }
}
