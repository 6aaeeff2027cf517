import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ROLES, type Role } from "@sidetone/store";
import { ACCESS } from "./access.ts";
import { PASSWORD, type SignedIn, signIn, startTestDashboard, type TestDashboard } from "./test/fixture.ts";

let test: TestDashboard;
const people = new Map<Role, SignedIn>();
before(async () => {
  test = await startTestDashboard();
  for (const role of ROLES) people.set(role, await signIn(test, role));
});
after(() => test.close());

/** A route that stands for all that a row with a star covers. */
const INSIDE: Record<string, string> = {
  "GET /queues*": "/queues/api/queues",
  "POST /queues*": "/queues/api/queues/tasks-lookup/add",
  "PUT /queues*": "/queues/api/queues/tasks-lookup/pause",
  "PATCH /queues*": "/queues/api/queues/tasks-lookup/job-schedulers/x1",
};
const routes = Object.entries(ACCESS).map(([key, access]) => {
  const [method = "", path = ""] = key.split(" ");
  const url =
    INSIDE[key] ??
    path
      .replaceAll(/:version/g, "1")
      .replaceAll(/:\w+/g, "x1")
      .replace(/\*$/, "");
  return { key, method, url, access };
});

describe("the access table, walked", () => {
  for (const { key, method, url, access } of routes) {
    if (access === "public") continue;
    it(key, async () => {
      const verb = (method === "WS" ? "GET" : method) as "GET";
      const socket = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
      const ask = (headers: object) =>
        test.dashboard.app.inject({
          method: verb,
          url,
          headers: { ...headers, ...(method === "WS" && socket) },
          ...(verb !== "GET" && { payload: {} }),
        });
      assert.equal((await ask({})).statusCode, 401, "nobody");
      for (const role of ROLES) {
        const { statusCode } = await ask(people.get(role) ?? {});
        if (access.includes(role)) assert.ok(statusCode !== 401 && statusCode !== 403, `${role} got ${statusCode}`);
        else assert.equal(statusCode, 403, role);
      }
    });
  }

  it("has no row without a route, and no route without a row", async () => {
    // A route without a row keeps the server from starting; this looks the other way round.
    const known = test.dashboard.app.printRoutes({ commonPrefix: false, includeHooks: false });
    assert.ok(known.length > 0);
    for (const { key, method, url, access } of routes) {
      if (key.endsWith("*") || method === "WS" || access === "public") continue;
      const answer = await test.dashboard.app.inject({
        method: method as "GET",
        url,
        headers: { ...people.get("admin") },
      });
      const missing = answer.statusCode === 404 && answer.json().message === "There is nothing at this address.";
      assert.ok(!missing, key);
    }
  });
});

describe("the door", () => {
  const post = (headers: object, payload: object = { current: PASSWORD, next: PASSWORD }) =>
    test.dashboard.app.inject({ method: "POST", url: "/api/me/password", headers: { ...headers }, payload });

  for (const [title, change, status] of [
    ["no CSRF token", { "x-csrf-token": undefined }, 403],
    ["another session's CSRF token", { "x-csrf-token": "A".repeat(43) }, 403],
    ["another origin", { origin: "https://evil.example" }, 403],
    ["no origin", { origin: undefined }, 403],
  ] as const) {
    it(`refuses a change with ${title}`, async () => {
      const qa = people.get("qa");
      const headers = Object.fromEntries(
        Object.entries({ ...qa, ...change }).filter(([, value]) => value !== undefined),
      );
      assert.equal((await post(headers)).statusCode, status);
    });
  }

  it("lets no script in that is not a file of ours", async () => {
    const { headers } = await test.dashboard.app.inject({ method: "GET", url: "/" });
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /script-src 'self';/);
    assert.doesNotMatch(policy, /script-src[^;]*unsafe/);
    assert.match(policy, /frame-ancestors 'none'/);
  });

  it("keeps the session in a cookie that scripts and other sites do not get", async () => {
    const payload = { email: "viewer@example.com", password: PASSWORD };
    const { headers } = await test.dashboard.app.inject({ method: "POST", url: "/api/session", payload });
    const [cookie] = [headers["set-cookie"] ?? []].flat();
    assert.match(String(cookie), /HttpOnly/i);
    assert.match(String(cookie), /SameSite=Strict/i);
  });

  it("stops guessing of a password, and tells unknown from known by nothing", async () => {
    const guess = (email: string) =>
      test.dashboard.app.inject({ method: "POST", url: "/api/session", payload: { email, password: "wrong" } });
    const unknown = await guess("nobody@example.com");
    const known = await guess("supervisor@example.com");
    assert.deepEqual([unknown.statusCode, unknown.json()], [known.statusCode, known.json()]);
    const codes = [];
    for (let i = 0; i < 6; i++) codes.push((await guess("admin@example.com")).statusCode);
    assert.ok(codes.includes(429), codes.join(" "));
  });

  it("hashes passwords with argon2id", async () => {
    const rows = await test.dashboard.context.database.db.selectFrom("account").select("password").execute();
    for (const row of rows) assert.match(row.password ?? "", /^\$argon2id\$/);
  });

  it("shuts a disabled person out at once", async () => {
    const { context, app } = test.dashboard;
    await context.accounts.create({ email: "gone@example.com", name: "Gone", role: "qa", password: PASSWORD });
    const payload = { email: "gone@example.com", password: PASSWORD };
    const { headers } = await app.inject({ method: "POST", url: "/api/session", payload });
    const cookie = [headers["set-cookie"] ?? []]
      .flat()
      .map((each) => each.split(";")[0])
      .join("; ");
    assert.equal((await app.inject({ url: "/api/live", headers: { cookie } })).statusCode, 200);
    await context.database.db
      .updateTable("user")
      .set({ disabled: 1 })
      .where("email", "=", "gone@example.com")
      .execute();
    assert.equal((await app.inject({ url: "/api/live", headers: { cookie } })).statusCode, 401);
  });

  it("makes the first admin with the printed link, once", async () => {
    const fresh = await startTestDashboard();
    try {
      const token = new URL(fresh.dashboard.firstAdminUrl ?? "").hash.slice(1);
      const payload = { token, name: "Ada", email: "ada@example.com", password: "ten characters" };
      const accept = () => fresh.dashboard.app.inject({ method: "POST", url: "/api/invites/accept", payload });
      assert.equal((await accept()).statusCode, 200);
      assert.equal((await accept()).statusCode, 404);
      const found = await fresh.dashboard.context.accounts.findByEmail("ada@example.com");
      assert.equal(found?.role, "admin");
    } finally {
      await fresh.close();
    }
  });
});
