import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Carrier, freePort, TestProcess } from "@sidetone/testkit";
import { type SignedIn, signIn, startTestDashboard, type TestDashboard } from "../test/fixture.ts";

const APPS = join(import.meta.dirname, "..", "..", "..");
const accountSid = `AC${"1".repeat(32)}`;
const authToken = "2".repeat(32);
const NUMBER = "+15550100";

describe("a number's rules, from the dashboard to the call", { timeout: 300_000 }, () => {
  const carrier = new Carrier({ accountSid, authToken, phases: 1 });
  let test: TestDashboard;
  let admin: SignedIn;
  let voiceUrl: string;
  const processes: TestProcess[] = [];

  before(async () => {
    const ports = { bridge: await freePort(), pod: await freePort(), podHttp: await freePort() };
    const publicUrl = `http://127.0.0.1:${ports.bridge}`;
    voiceUrl = `${publicUrl}/voice`;
    const apiBase = await carrier.listen();
    const twilio = { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_API_BASE: apiBase };
    test = await startTestDashboard({ ...twilio, PUBLIC_URL: publicUrl, BRIDGE_URL: publicUrl });
    admin = await signIn(test, "admin");
    const start = async (app: string, env: Record<string, string>, readyUrl: string) => {
      const shared = { DATA_DIR: test.dataDir, REDIS_URL: test.redis.url, LOG_LEVEL: "warn", ...twilio };
      const args = [join(APPS, app, "src", "main.ts")];
      processes.push(
        await TestProcess.start(process.execPath, {
          args,
          env: { ...shared, ...env },
          readyUrl,
          readyWithinMs: 120_000,
        }),
      );
    };
    // The line test needs no model: a pod without one is ready within a second.
    await start(
      "inference",
      {
        POD_PORT: `${ports.pod}`,
        POD_HTTP_PORT: `${ports.podHttp}`,
        MODEL_DIR: join(test.dataDir, "no-model"),
        POD_CAPACITY: "8",
      },
      `http://127.0.0.1:${ports.podHttp}/ready`,
    );
    await start(
      "bridge",
      { PORT: `${ports.bridge}`, PODS: `127.0.0.1:${ports.pod}`, PUBLIC_URL: publicUrl, PLAYBOOK: "line-test" },
      `${publicUrl}/ready`,
    );
  });
  after(async () => {
    await carrier.close();
    for (const process of processes.reverse()) await process.stop();
    await test.close();
  });

  const put = async (label: string, more: object = {}) => {
    const rule = {
      label,
      playbookId: "line-test",
      version: 1,
      sharePercent: 100,
      days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
      fromMinute: 0,
      toMinute: 1440,
      timeZone: "Europe/London",
      ...more,
    };
    const answer = await test.dashboard.app.inject({
      method: "PUT",
      url: "/api/numbers/routes",
      headers: { ...admin },
      payload: { number: NUMBER, rules: [rule] },
    });
    assert.equal(answer.statusCode, 200, answer.body);
  };
  /** Places a call and reads its record: which rule chose its playbook. */
  const routeOfCall = async (): Promise<string | null> => {
    const from = "+447700900123";
    const call = carrier.placeCall({
      from,
      to: NUMBER,
      voiceUrl,
      steps: [{ do: "pause", ms: 200 }, { do: "hang-up" }],
    });
    await call.ended;
    for (;;) {
      const { app } = test.dashboard;
      const answer = await app.inject({ url: "/api/calls?sort=newest&limit=1", headers: { ...admin } });
      const { calls, total } = answer.json() as {
        calls: { route: string | null; endedAt: string | null }[];
        total: number;
      };
      const [newest] = calls;
      if (total > seen && newest?.endedAt) {
        seen = total;
        return newest.route;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  let seen = 0;
  /** The bridge looks at the published files every second: the first call after that follows them. */
  const until = async (pattern: RegExp | null) => {
    for (;;) {
      const route = await routeOfCall();
      if (pattern === null ? route === null : route !== null && pattern.test(route)) return route;
    }
  };

  it("is followed by the next call, and the call's record says which rule it was", async () => {
    assert.equal(await routeOfCall(), null);
    await put("Trial");
    assert.equal(await until(/^Trial/), "Trial, every day, line-test v1");
    await put("Nights", { fromMinute: 1320, toMinute: 1319 });
    assert.match((await until(/^Nights/)) ?? "", /^Nights, every day, 22:00-21:59 Europe\/London, line-test v1$/);
  });

  it("is left alone when its window is shut: the default playbook answers", async () => {
    const now = new Date();
    const minute = (now.getUTCHours() * 60 + now.getUTCMinutes() + 720) % 1440;
    await put("Elsewhere", { timeZone: "UTC", fromMinute: minute, toMinute: minute + 1 });
    await until(null);
  });
});
