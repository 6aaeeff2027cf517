import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from "cockatiel";
import { CrmError } from "./errors.ts";
import {
  type Connector,
  CRM_OPERATION_NAMES,
  CRM_OPERATIONS,
  type CrmContext,
  type CrmInput,
  type CrmOperation,
  type CrmOutput,
} from "./port.ts";

export type CircuitName = "closed" | "open" | "half-open";

export interface GuardOptions {
  /** Failures in a row that open the circuit. */
  failures?: number;
  /** How long an open circuit refuses before it lets one call try. */
  halfOpenAfterMs?: number;
  /** A rate limit that asks for no more than this is waited out within the call; reads only. */
  longestWaitMs?: number;
  onCircuit?: (connector: string, circuit: CircuitName) => void;
}

/** Faults of the service, as opposed to of the question: only these count against its circuit. */
const isServiceFault = (error: unknown): boolean =>
  !(error instanceof CrmError) || error.code === "CONNECTOR_DOWN" || error.code === "CONNECTOR_TIMED_OUT";

/**
 * A connector as the worker calls it: absent operations are coded answers, a service that is down
 * fails in microseconds, a short rate limit is waited out once. Safe for concurrent use.
 */
export class GuardedCrm {
  readonly connector: Connector;
  readonly #breaker;
  readonly #longestWaitMs: number;

  constructor(connector: Connector, options: GuardOptions = {}) {
    this.connector = connector;
    this.#longestWaitMs = options.longestWaitMs ?? 1_500;
    this.#breaker = circuitBreaker(handleWhen(isServiceFault), {
      halfOpenAfter: options.halfOpenAfterMs ?? 10_000,
      breaker: new ConsecutiveBreaker(options.failures ?? 5),
    });
    this.#breaker.onStateChange(() => options.onCircuit?.(connector.name, this.circuit));
  }

  get name(): string {
    return this.connector.name;
  }

  get circuit(): CircuitName {
    const state = this.#breaker.state;
    return state === CircuitState.Closed ? "closed" : state === CircuitState.HalfOpen ? "half-open" : "open";
  }

  get capabilities(): CrmOperation[] {
    return CRM_OPERATION_NAMES.filter((name) => this.can(name));
  }

  can(operation: CrmOperation): boolean {
    return this.connector.operations[operation] !== undefined;
  }

  /** May a write be repeated after an attempt whose end nobody saw? */
  isRepeatable(operation: CrmOperation): boolean {
    return CRM_OPERATIONS[operation] === "read" || this.connector.idempotent.has(operation);
  }

  /** @throws CrmError */
  async call<O extends CrmOperation>(operation: O, input: CrmInput<O>, context: CrmContext): Promise<CrmOutput<O>> {
    const run = this.connector.operations[operation] as
      | ((input: CrmInput<O>, context: CrmContext) => Promise<CrmOutput<O>>)
      | undefined;
    if (!run) throw new CrmError("CONNECTOR_UNSUPPORTED", `${this.name} (${this.connector.kind}) cannot ${operation}`);
    const attempt = () => this.#guard(() => run(input, context), operation);
    try {
      return await attempt();
    } catch (error) {
      const waitMs = error instanceof CrmError ? error.retryAfterMs : undefined;
      if (!(error instanceof CrmError) || error.code !== "CONNECTOR_RATE_LIMITED") throw error;
      if (waitMs === undefined || waitMs > this.#longestWaitMs) throw error;
      await aborting(waitMs, context.signal);
      return attempt();
    }
  }

  async check(context: CrmContext): Promise<string> {
    return this.#guard(() => this.connector.check(context), "check");
  }

  async #guard<T>(run: () => Promise<T>, what: string): Promise<T> {
    try {
      return await this.#breaker.execute(run);
    } catch (error) {
      if (error instanceof CrmError) throw error;
      if (error instanceof BrokenCircuitError) {
        throw new CrmError("CONNECTOR_DOWN", `${this.name} is down; its circuit is open`, {
          cause: error,
          circuitOpen: true,
        });
      }
      throw new CrmError("CONNECTOR_DOWN", `${this.name} failed at ${what}: ${String(error)}`, {
        cause: error,
        uncertain: true,
      });
    }
  }
}

function aborting(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(new CrmError("CONNECTOR_TIMED_OUT", "stopped while waiting out a rate limit", { cause: signal.reason }));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
