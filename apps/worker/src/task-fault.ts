import { CrmError } from "@sidetone/crm";
import { SidetoneError } from "@sidetone/platform";

/** Why a task did not work, in the form that a finding carries. */
export class TaskFault extends Error {
  readonly code: string;
  readonly retryable: boolean;
  /** Milliseconds to wait before the next attempt, where the service named them. */
  readonly retryAfterMs: number | undefined;
  /** A write may have happened although no answer came. */
  readonly uncertain: boolean;
  /** Another attempt within seconds would meet the same: an open circuit. */
  readonly notSoon: boolean;
  /** An answer to the caller ("it has shipped already"), not a fault of ours: no dead letter. */
  readonly expected: boolean;

  constructor(
    code: string,
    message: string,
    retryable: boolean,
    options: ErrorOptions & {
      retryAfterMs?: number | undefined;
      uncertain?: boolean;
      notSoon?: boolean;
      expected?: boolean;
    } = {},
  ) {
    super(message, options);
    this.name = "TaskFault";
    this.code = code;
    this.retryable = retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.uncertain = options.uncertain ?? false;
    this.notSoon = options.notSoon ?? false;
    this.expected = options.expected ?? false;
  }

  /** Any error as a fault. What we do not know is not retried blindly, and may have happened. */
  static of(error: unknown): TaskFault {
    if (error instanceof TaskFault) return error;
    if (error instanceof CrmError) {
      const expected =
        error.code === "CONNECTOR_REFUSED" ||
        error.code === "CONNECTOR_NOT_FOUND" ||
        error.code === "CONNECTOR_UNSUPPORTED";
      return new TaskFault(error.code, error.message, error.retryable, {
        cause: error,
        retryAfterMs: error.retryAfterMs,
        uncertain: error.uncertain,
        notSoon: error.circuitOpen,
        expected,
      });
    }
    if (error instanceof SidetoneError) {
      return new TaskFault(error.code, error.message, error.retryable, { cause: error });
    }
    const message = error instanceof Error ? error.message : String(error);
    return new TaskFault("TASK_FAILED", message, true, { cause: error, uncertain: true });
  }
}
