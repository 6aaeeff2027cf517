import { type ChildProcess, spawn } from "node:child_process";
import type { Clock, Logger, Stop } from "@sidetone/platform";

/** A process that dies this soon after its start is restarted more and more slowly. */
const STEADY_AFTER_MS = 10_000;
const RESTART_DELAYS_MS = [100, 500, 1_000, 2_000, 5_000];

export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Program output goes to the terminal; `quiet` programs (Redis) only when they fail. */
  quiet?: boolean;
}

/**
 * One supervised process: started, restarted when it dies, stopped by SIGTERM. It runs in a process
 * group of its own, so that Ctrl-C reaches the supervisor alone and the order of stopping is ours;
 * the IPC channel tells it when the supervisor itself is gone.
 */
export class Child {
  readonly name: string;
  readonly #spec: ChildSpec;
  readonly #clock: Clock;
  readonly #log: Logger;
  #process: ChildProcess | undefined;
  #stopping = false;
  #quickDeaths = 0;
  #cancelRestart: Stop | undefined;
  #onExit: (() => void) | undefined;

  constructor(spec: ChildSpec, clock: Clock, log: Logger) {
    this.name = spec.name;
    this.#spec = spec;
    this.#clock = clock;
    this.#log = log;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    const startedMs = this.#clock.nowMs();
    const output = this.#spec.quiet ? "ignore" : "inherit";
    const child = spawn(this.#spec.command, this.#spec.args, {
      detached: true,
      env: this.#spec.env,
      stdio: this.#spec.quiet ? ["ignore", output, "inherit"] : ["ignore", output, "inherit", "ipc"],
    });
    this.#process = child;
    child.on("error", (error) => this.#log.error({ err: error, child: this.name }, "could not be started"));
    child.on("exit", (code, signal) => {
      this.#process = undefined;
      if (this.#stopping) {
        this.#onExit?.();
        return;
      }
      const livedMs = this.#clock.nowMs() - startedMs;
      this.#quickDeaths = livedMs < STEADY_AFTER_MS ? this.#quickDeaths + 1 : 0;
      const delayMs = RESTART_DELAYS_MS[Math.min(this.#quickDeaths, RESTART_DELAYS_MS.length - 1)] ?? 0;
      this.#log.warn({ child: this.name, code, signal, delayMs }, "died; restarting");
      this.#cancelRestart = this.#clock.after(delayMs, () => this.start());
    });
  }

  /** Sends SIGTERM and resolves when the process is gone. */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart?.();
    const child = this.#process;
    if (!child) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onExit = resolve;
      child.kill("SIGTERM");
    });
  }

  kill(): void {
    this.#stopping = true;
    this.#cancelRestart?.();
    this.#process?.kill("SIGKILL");
  }
}
