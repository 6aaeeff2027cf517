/** What a connector answers when it cannot do what was asked. `code` is stable; `message` says what the service said. */
export const CRM_ERROR_CODES = {
  /** The connector never does this operation. */
  CONNECTOR_UNSUPPORTED: { retryable: false },
  /** Credentials were refused, and a refresh did not help. */
  CONNECTOR_AUTH: { retryable: false },
  /** Unreachable, answering 5xx, or its circuit is open. */
  CONNECTOR_DOWN: { retryable: true },
  /** The service asked us to slow down; `retryAfterMs` says for how long. */
  CONNECTOR_RATE_LIMITED: { retryable: true },
  /** No answer within the time the caller gave. */
  CONNECTOR_TIMED_OUT: { retryable: true },
  /** The service understood and said no: a validation error or a business rule. */
  CONNECTOR_REFUSED: { retryable: false },
  /** The thing to be changed does not exist. */
  CONNECTOR_NOT_FOUND: { retryable: false },
  /** The answer is not of the documented or configured form. */
  CONNECTOR_ANSWER_INVALID: { retryable: false },
  /** The connector's configuration is not valid. */
  CONNECTOR_CONFIG_INVALID: { retryable: false },
} as const;

export type CrmErrorCode = keyof typeof CRM_ERROR_CODES;

export class CrmError extends Error {
  readonly code: CrmErrorCode;
  readonly retryable: boolean;
  /** From the service's retry header, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** A write may have been carried out although no answer came: only an idempotent write may be repeated. */
  readonly uncertain: boolean;
  /** The circuit is open: nobody was asked, and asking again within seconds is of no use. */
  readonly circuitOpen: boolean;

  constructor(
    code: CrmErrorCode,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number | undefined; uncertain?: boolean; circuitOpen?: boolean } = {},
  ) {
    super(message, options);
    this.name = "CrmError";
    this.code = code;
    this.retryable = CRM_ERROR_CODES[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.uncertain = options.uncertain ?? false;
    this.circuitOpen = options.circuitOpen ?? false;
  }
}
