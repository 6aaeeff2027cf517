import type { Logger } from "./log.ts";

interface Step {
  name: string;
  close: () => Promise<void> | void;
}

/**
 * One ordered shutdown a process: steps run one after the other in the order in which they were
 * added, each failing alone. The first signal drains; a second one leaves at once.
 */
export class Shutdown {
  readonly #log: Logger;
  readonly #steps: Step[] = [];
  readonly #exit: (code: number) => void;
  #running: Promise<void> | undefined;

  constructor(log: Logger, exit: (code: number) => void = (code) => process.exit(code)) {
    this.#log = log;
    this.#exit = exit;
  }

  /** True from the first signal on: `/ready` answers 503, no new calls. */
  get draining(): boolean {
    return this.#running !== undefined;
  }

  add(name: string, close: Step["close"]): void {
    this.#steps.push({ name, close });
  }

  /** Runs the steps once; later calls wait for the same run. */
  run(reason: string): Promise<void> {
    this.#running ??= this.#runSteps(reason);
    return this.#running;
  }

  async #runSteps(reason: string): Promise<void> {
    this.#log.info({ reason }, "shutting down");
    for (const step of this.#steps) {
      try {
        await step.close();
      } catch (error) {
        this.#log.error({ err: error, step: step.name }, "a shutdown step failed");
      }
    }
    this.#log.info("stopped");
  }

  /**
   * SIGTERM and SIGINT drain and exit 0; the second of either exits 1 at once. A supervisor that
   * vanishes (its IPC channel closes) counts as a SIGTERM, so that no process is left behind.
   */
  listen(): void {
    const onSignal = (signal: string) => {
      if (this.#running) {
        this.#log.warn({ signal }, "second signal: leaving at once");
        this.#exit(1);
        return;
      }
      void this.run(signal).then(() => this.#exit(0));
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    if (process.channel) {
      process.channel.unref();
      process.on("disconnect", () => onSignal("supervisor gone"));
    }
  }
}
