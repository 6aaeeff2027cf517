import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Starts a PostgreSQL of its own in a temporary folder; the reason as text where that cannot be. */
export async function startPostgres(): Promise<{ url: string; stop: () => Promise<void> } | string> {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql").sort() : [];
  const bin = versions.length > 0 ? `/usr/lib/postgresql/${versions.at(-1)}/bin` : undefined;
  if (!bin || !existsSync(join(bin, "initdb"))) return "PostgreSQL is not installed (apt-get install postgresql)";
  const folder = mkdtempSync(join(tmpdir(), "sidetone-postgres-"));
  const root = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root; the package makes this user.
  const as = (command: string, args: string[]): [string, string[]] =>
    root ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", command, ...args]] : [command, args];
  if (root) execFileSync("chown", ["postgres:postgres", folder]);
  const data = join(folder, "data");
  execFileSync(...as(join(bin, "initdb"), ["-D", data, "-A", "trust", "-U", "sidetone", "--no-sync"]), { cwd: "/" });
  const port = await freePort();
  const args = ["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
  const server = spawn(...as(join(bin, "postgres"), args), { cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
  for await (const line of server.stderr) if (String(line).includes("ready to accept connections")) break;
  server.stderr.resume();
  return {
    url: `postgres://sidetone@127.0.0.1:${port}/postgres`,
    async stop() {
      server.kill("SIGINT");
      if (server.exitCode === null) await once(server, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
