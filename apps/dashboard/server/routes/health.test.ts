import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { type SignedIn, signIn, startTestDashboard, type TestDashboard } from "../test/fixture.ts";

const LETTER = {
  queue: "lookup",
  id: "t1",
  kind: "order-status",
  callId: "c1",
  reason: "CONNECTOR_DOWN: the shop does not answer",
  attempts: 3,
  failedAt: "2026-05-01T10:00:00.000Z",
};

/** Speaks what the worker's side port speaks. */
function workerPort(asked: { url: string; body: string }[]): Server {
  return createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      const { url = "", method } = request;
      const answer = (status: number, json: object) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
      };
      if (url === "/health") return answer(200, { status: "ok", parts: {} });
      if (method === "GET" && url.startsWith("/dead-letters?")) return answer(200, { deadLetters: [LETTER] });
      asked.push({ url, body });
      if (url.includes("/t1/")) return answer(202, { retried: "t1" });
      return answer(404, { code: "NOT_FOUND", message: "There is no task t2.", remedy: "", retryable: false });
    });
  });
}

describe("health, and what failed for good", () => {
  const asked: { url: string; body: string }[] = [];
  const worker = workerPort(asked);
  let test: TestDashboard;
  let admin: SignedIn;
  before(async () => {
    worker.listen(0, "127.0.0.1");
    await once(worker, "listening");
    test = await startTestDashboard({
      WORKER_URL: `http://127.0.0.1:${(worker.address() as AddressInfo).port}`,
      // Nobody is there.
      BRIDGE_URL: "http://127.0.0.1:9",
    });
    admin = await signIn(test, "admin");
  });
  after(async () => {
    worker.close();
    worker.closeAllConnections();
    await test.close();
  });
  const parts = async () => {
    const { body } = await test.dashboard.app.inject({ url: "/api/health", headers: { ...admin } });
    const list = JSON.parse(body).parts as {
      name: string;
      status: string;
      detail: string;
      remedy: string | null;
      since: string;
    }[];
    return new Map(list.map((part) => [part.name, part]));
  };
  const retry = (id: string, payload: object) =>
    test.dashboard.app.inject({
      method: "POST",
      url: `/api/dead-letters/lookup/${id}/retry`,
      headers: { ...admin },
      payload,
    });

  it("lists what failed", async () => {
    const { body } = await test.dashboard.app.inject({ url: "/api/dead-letters", headers: { ...admin } });
    assert.deepEqual(JSON.parse(body).deadLetters, [LETTER]);
  });

  it("tries again, with force where somebody says so, and writes down who did", async () => {
    assert.equal((await retry("t1", {})).statusCode, 200);
    assert.equal((await retry("t1", { force: true })).statusCode, 200);
    assert.deepEqual(
      asked.map(({ url, body }) => [url, JSON.parse(body)]),
      [
        ["/dead-letters/lookup/t1/retry", { force: false }],
        ["/dead-letters/lookup/t1/retry", { force: true }],
      ],
    );
    const { body } = await test.dashboard.app.inject({ url: "/api/audit?act=task", headers: { ...admin } });
    assert.deepEqual(
      JSON.parse(body).entries.map((entry: { subject: string; detail: string | null }) => [
        entry.subject,
        entry.detail,
      ]),
      [
        ["t1", "force"],
        ["t1", null],
      ],
    );
  });

  it("passes on what the worker says", async () => {
    const answer = await retry("t2", {});
    assert.equal(answer.statusCode, 404);
    assert.match(answer.json().message, /There is no task t2/);
  });

  it("says what is down, since when and what to do, while the rest is well", async () => {
    const found = await parts();
    assert.equal(found.get("Calls")?.status, "down");
    assert.match(found.get("Calls")?.remedy ?? "", /BRIDGE_URL/);
    for (const name of ["Worker", "Redis", "Database", "Data folder"])
      assert.deepEqual([found.get(name)?.status, found.get(name)?.remedy], ["ok", null], name);
  });

  it("tells when the worker goes, and keeps since when", async () => {
    const well = (await parts()).get("Worker");
    worker.close();
    worker.closeAllConnections();
    const gone = (await parts()).get("Worker");
    assert.equal(gone?.status, "down");
    assert.match(gone?.remedy ?? "", /worker/);
    assert.ok((gone?.since ?? "") >= (well?.since ?? ""));
    assert.equal((await parts()).get("Worker")?.since, gone?.since);
    const answer = await retry("t1", {});
    assert.deepEqual([answer.statusCode, answer.json().code], [502, "WORKER_UNREACHABLE"]);
  });

  it("tells when Redis goes; the page still answers", async () => {
    await test.redis.process.stop("SIGKILL");
    const redis = (await parts()).get("Redis");
    assert.equal(redis?.status, "down");
    assert.match(redis?.remedy ?? "", /REDIS_URL/);
  });
});
