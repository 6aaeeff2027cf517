import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { SMTPServer } from "smtp-server";
import { noMail, smtpMail } from "./mail.ts";
import { TaskFault } from "./task-fault.ts";

/** A mail server that knows one domain and one sender, and is out of space at times. */
const received: { to: string; raw: string }[] = [];
let isFull = false;
const server = new SMTPServer({
  allowInsecureAuth: true,
  disabledCommands: ["STARTTLS"],
  onAuth: ({ username, password }, _session, done) =>
    username === "agent" && password === "secret"
      ? done(null, { user: username })
      : done(new Error("Invalid credentials")),
  onRcptTo: ({ address }, _session, done) =>
    address.endsWith("@example.com")
      ? done()
      : done(Object.assign(new Error("No such user here"), { responseCode: 550 })),
  onData: (stream, session, done) =>
    void text(stream).then((raw) => {
      if (isFull) return done(Object.assign(new Error("Insufficient system storage"), { responseCode: 452 }));
      received.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), raw });
      done();
    }),
});
server.on("error", () => undefined);

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
});
after(() => new Promise<void>((resolve) => server.close(() => resolve())));

const portOf = () => (server.server.address() as AddressInfo).port;
const send = async (to: string, password = "secret", port = portOf()) => {
  const url = `smtp://agent:${password}@127.0.0.1:${port}`;
  const mail = smtpMail({ url, from: "Harbour and Lane <service@example.com>", subject: "Your call" });
  try {
    return await mail.send(to, "Your order is on its way.", "call-1:t1:0", AbortSignal.timeout(5_000));
  } finally {
    mail.close();
  }
};
type Told = Partial<Pick<TaskFault, "code" | "retryable" | "uncertain" | "expected">>;
const fault = (told: Told) => (error: unknown) => {
  assert.ok(error instanceof TaskFault, String(error));
  for (const [key, value] of Object.entries(told))
    assert.equal(error[key as keyof Told], value, `${key}: ${error.message}`);
  return true;
};

test("a message arrives, under an id that follows from its key", async () => {
  const id = await send("grace@example.com");
  const [mail] = received.splice(0);
  assert.equal(mail?.to, "grace@example.com");
  assert.match(mail.raw, /From: Harbour and Lane <service@example\.com>/);
  assert.match(mail.raw, /Subject: Your call/);
  assert.match(mail.raw, /Your order is on its way\./);
  assert.ok(mail.raw.includes(`Message-ID: ${id}`));
  assert.equal(await send("grace@example.com"), id);
  assert.equal(received.splice(0).length, 1);
});

test("what a mail server may say is told apart", async () => {
  const refused = { code: "CONNECTOR_REFUSED", retryable: false, expected: true };
  await assert.rejects(send("nobody@elsewhere.org"), fault(refused));
  await assert.rejects(send("grace@example.com", "wrong"), fault({ code: "CONNECTOR_AUTH", retryable: false }));
  isFull = true;
  const away = { code: "CONNECTOR_DOWN", retryable: true, uncertain: false };
  await assert.rejects(send("grace@example.com"), fault(away));
  isFull = false;
  await assert.rejects(send("grace@example.com", "secret", 1), fault(away));
  const unset = noMail.send("grace@example.com", "hi", "key", AbortSignal.timeout(1_000));
  await assert.rejects(unset, fault({ code: "CONNECTOR_UNSUPPORTED", expected: true }));
});
