import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A real Redis of a test's own, which it may stop and start. Its data outlive a stop, not `close`. */
export class RedisFixture {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "sidetone-redis-"));
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async open(): Promise<RedisFixture> {
    const fixture = new RedisFixture(await freePort());
    await fixture.start();
    return fixture;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const args = ["--port", String(this.port), "--dir", this.#folder, "--save", "", "--appendonly", "yes"];
    const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    let log = "";
    for await (const chunk of child.stdout) {
      log += String(chunk);
      if (log.includes("Ready to accept connections")) break;
    }
    child.stdout.resume();
    if (child.exitCode !== null) throw new Error(`redis-server did not start: ${log}`);
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  async close(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
