import { createHash } from "node:crypto";
import { createTransport } from "nodemailer";
import { TaskFault } from "./task-fault.ts";

/** Outbound e-mail. */
export interface Mail {
  /** Answers the message's id, which follows from `key`. @throws TaskFault */
  send(to: string, text: string, key: string, signal: AbortSignal): Promise<string>;
  close(): void;
}

export interface MailAccount {
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. */
  url: string;
  /** Address that messages come from, with or without a name before it. */
  from: string;
  subject: string;
}

const CONNECT_MS = 5_000;
const ANSWER_MS = 10_000;

/** What Nodemailer adds to an error: the SMTP command that was under way, and the server's answer. */
interface SmtpError extends Error {
  code?: string;
  command?: string;
  responseCode?: number;
}

/**
 * E-mail over SMTP (RFC 5321). The message's id follows from the idempotency key, so that whoever gets it twice can tell;
 * the protocol itself has no way to ask what became of a message whose last answer was lost.
 */
export function smtpMail({ url, from, subject }: MailAccount): Mail {
  const transport = createTransport(
    { url, connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS, socketTimeout: ANSWER_MS },
    { from, subject },
  );
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? "localhost";
  return {
    async send(to, text, key, signal) {
      const messageId = `<${createHash("sha256").update(key).digest("hex").slice(0, 32)}@${domain}>`;
      const sending = transport.sendMail({ to, text, messageId });
      try {
        await Promise.race([sending, aborted(signal)]);
        return messageId;
      } catch (error) {
        sending.catch(() => undefined);
        throw faultOf(error as SmtpError, signal);
      }
    },
    close: () => transport.close(),
  };
}

function faultOf(error: SmtpError, signal: AbortSignal): TaskFault {
  const { responseCode, command = "" } = error;
  // Before the message's last line was acknowledged nothing was taken; a server that answered, said so itself.
  const uncertain = (command === "DATA" && responseCode === undefined) || signal.aborted;
  const said = `the mail server: ${error.message}`;
  if (responseCode !== undefined && responseCode >= 500) {
    const code = error.code === "EAUTH" ? "CONNECTOR_AUTH" : "CONNECTOR_REFUSED";
    return new TaskFault(code, said, false, { cause: error, expected: code === "CONNECTOR_REFUSED" });
  }
  return new TaskFault("CONNECTOR_DOWN", said, true, { cause: error, uncertain });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Without a server nothing can be sent, and the agent says so. */
export const noMail: Mail = {
  send: () =>
    Promise.reject(new TaskFault("CONNECTOR_UNSUPPORTED", "no mail server is set up", false, { expected: true })),
  close: () => undefined,
};
