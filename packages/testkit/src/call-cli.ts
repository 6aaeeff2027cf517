/**
 * `npm run call`: phones a running `npm start` as Twilio would, shows what happens, keeps what was heard, and measures
 * how fast the answers came, at the ear, and how the agent sounded.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readConfig, SidetoneError } from "@sidetone/platform";
import { z } from "zod";
import type { CallerStep } from "./caller/caller.ts";
import { fromWav, speak } from "./caller/speech.ts";
import type { Call, CallEvent } from "./carrier/call.ts";
import { Carrier } from "./carrier/carrier.ts";
import type { LineFaults } from "./carrier/line.ts";
import { describeReport, reportOfCall } from "./listening/call-report.ts";
import { readTapeOf } from "./road/tapes.ts";

const USAGE = `npm run call -- [--say "text"]... [--wav FILE]... [--dtmf 123#]... [options]

Turns, in the order given, each after the agent has been silent for 700 ms:
  --say TEXT       speak; [pause 400] in the text is a silence of 400 ms
  --wav FILE       play a recording, of any rate
  --dtmf DIGITS    press keys
Options:
  --to TARGET      a number, or a playbook's name (line-test is always there)
  --from NUMBER    the caller's number
  --voice NAME     the speech engine's voice for --say
  --out FILE       where what was said (left) and heard (right) goes as a stereo WAV (call.wav in DATA_DIR)
  --goodbye TEXT   the last turn, after which the agent ends the call ("no thank you, goodbye"); "" hangs up instead
  --no-listen      do not measure the agent's sound, nor transcribe it back by our own ears
  --over MS        talk over the agent: each turn begins when it has spoken for MS
  --wait SECONDS   how long to wait for an answer before the next turn or hanging up (20)
  --loss SHARE     lose that share of the caller's frames, such as 0.03
  --jitter MS      delay frames by up to so much
It calls what .data/run.json names, or PUBLIC_URL with TWILIO_AUTH_TOKEN and TWILIO_ACCOUNT_SID.
`;

const Environment = z.object({
  DATA_DIR: z.string().default(".data"),
  PUBLIC_URL: z.url().optional().describe("The bridge's address, as the carrier calls it."),
  TWILIO_ACCOUNT_SID: z.string().optional(),
  TWILIO_AUTH_TOKEN: z.string().optional().describe("The token that the bridge checks signatures with."),
});
const RunFile = z.object({ bridgeUrl: z.url(), accountSid: z.string(), authToken: z.string() });

interface Target {
  bridgeUrl: string;
  accountSid: string;
  authToken: string;
  dataDir: string;
}

const QUIET_MS = 700;

const { values, tokens } = readArguments();

try {
  if (values.help) process.stdout.write(USAGE);
  else await main();
} catch (error) {
  if (!(error instanceof SidetoneError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n${error.remedy}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const target = await findTarget();
  const steps = await script();
  const carrier = new Carrier({ accountSid: target.accountSid, authToken: target.authToken });
  const playbook = /^\+?\d+$/.test(values.to) ? "" : `?playbook=${encodeURIComponent(values.to)}`;
  const call = carrier.placeCall({
    from: values.from,
    to: playbook === "" ? values.to : "+15005550006",
    voiceUrl: `${target.bridgeUrl}/voice${playbook}`,
    statusCallback: `${target.bridgeUrl}/voice/status`,
    steps,
    faults: faults(),
    onEvent: (event) => show(event),
  });
  process.once("SIGINT", () => call.hangUp());
  process.stdout.write(`${call.sid} rings ${target.bridgeUrl}\n`);
  const status = await call.ended;
  await carrier.close();

  await mkdir(target.dataDir, { recursive: true });
  const out = values.out ?? join(target.dataDir, "call.wav");
  await writeFile(out, call.ear.toWav());
  process.stdout.write(`wrote ${out}: left said, right heard, ${seconds(call.ear.lengthMs)} s\n`);
  report("answers began after", call.ear.responseLatenciesMs());
  report("fell silent after", call.ear.stopLatenciesMs());
  if (values.listen && call.streams.length > 0) await listenBack(target.dataDir, call);
  for (const { code, text, detail } of carrier.notices) process.stdout.write(`carrier ${code} ${text}: ${detail}\n`);
  if (status !== "completed" || call.streams.length === 0) process.exitCode = 1;
}

/** Holds what was heard against the call's tape, where the bridge keeps its tapes on this machine. */
async function listenBack(dataDir: string, call: Call): Promise<void> {
  try {
    const tape = await readTapeOf(dataDir, call.sid);
    for (const line of describeReport(await reportOfCall(call, tape))) process.stdout.write(`${line}\n`);
  } catch (error) {
    process.stdout.write(`not listened to: ${(error as Error).message}\n`);
  }
}

async function findTarget(): Promise<Target> {
  const environment = readConfig(Environment, process.env);
  const path = join(environment.DATA_DIR, "run.json");
  const text = await readFile(path, "utf8").catch(() => undefined);
  const running = text === undefined ? undefined : RunFile.parse(JSON.parse(text));
  const bridgeUrl = environment.PUBLIC_URL ?? running?.bridgeUrl;
  const authToken = environment.TWILIO_AUTH_TOKEN ?? running?.authToken;
  const accountSid = environment.TWILIO_ACCOUNT_SID ?? running?.accountSid ?? `AC${"0".repeat(32)}`;
  if (bridgeUrl === undefined || authToken === undefined) {
    throw new SidetoneError("NOT_FOUND", `Nothing runs here: there is no ${path}. Run \`npm start\` first.`);
  }
  return { bridgeUrl: bridgeUrl.replace(/\/$/, ""), authToken, accountSid, dataDir: environment.DATA_DIR };
}

async function script(): Promise<CallerStep[]> {
  const atMostMs = Number(values.wait) * 1000;
  const listen: CallerStep = { do: "listen", quietMs: QUIET_MS, atMostMs };
  const before: CallerStep =
    values.over === undefined ? listen : { do: "await-agent", forMs: Number(values.over), atMostMs };
  const steps: CallerStep[] = [];
  for (const token of tokens) {
    if (token.kind !== "option" || token.value === undefined) continue;
    if (token.name === "say") {
      steps.push(before, { do: "speak", audio: await speak(token.value, values.voice), label: token.value });
    } else if (token.name === "wav") {
      steps.push(before, { do: "speak", audio: fromWav(await readFile(token.value)), label: token.value });
    } else if (token.name === "dtmf") steps.push(before, { do: "press", digits: token.value });
  }
  // The line test says everything back, and no goodbyes of its own.
  if (values.goodbye !== "" && values.to !== "line-test") {
    steps.push(listen, { do: "speak", audio: await speak(values.goodbye, values.voice), label: values.goodbye });
    // The agent hangs up behind its own goodbye.
    return [...steps, { do: "pause", ms: atMostMs }, { do: "hang-up" }];
  }
  return [...steps, listen, { do: "hang-up" }];
}

function faults(): LineFaults {
  return {
    ...(values.loss === undefined ? {} : { lossRate: Number(values.loss) }),
    ...(values.jitter === undefined ? {} : { jitterMs: Number(values.jitter) }),
  };
}

function show(event: CallEvent & { atMs: number }): void {
  const line = describe(event);
  if (line !== undefined) process.stdout.write(`${seconds(event.atMs).padStart(7)}  ${line}\n`);
}

function describe(event: CallEvent): string | undefined {
  switch (event.type) {
    case "webhook":
      return `${event.status} ${event.url}`;
    case "verb":
      return `<${event.verb.verb}>${event.verb.verb === "say" ? ` ${event.verb.text}` : ""}`;
    case "stream-opened":
      return `streaming to ${event.url}`;
    case "stream-closed":
      return `stream closed by the ${event.by} (${event.code}${event.reason === "" ? "" : ` ${event.reason}`})`;
    case "caller":
      return event.step.do === "speak" ? `you say: ${event.step.label}` : `you ${event.step.do.replace("-", " ")}`;
    case "agent":
      return event.speaks ? "the agent speaks" : "the agent is silent";
    case "pressed":
      return `you press ${event.digit}`;
    case "clear-received":
      return `the agent gives way: ${Math.round(event.droppedMs)} ms unheard`;
    case "ended":
      return `the call is over: ${event.status}`;
    default:
      return undefined;
  }
}

function report(what: string, latenciesMs: number[]): void {
  if (latenciesMs.length === 0) return;
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  process.stdout.write(`${what} ${latenciesMs.join(", ")} ms (median ${sorted[Math.floor(sorted.length / 2)]})\n`);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function readArguments() {
  try {
    return parseArgs({
      tokens: true,
      allowNegative: true,
      options: {
        say: { type: "string", multiple: true },
        wav: { type: "string", multiple: true },
        dtmf: { type: "string", multiple: true },
        to: { type: "string", default: "+15005550006" },
        from: { type: "string", default: "+15005550001" },
        voice: { type: "string" },
        out: { type: "string" },
        over: { type: "string" },
        wait: { type: "string", default: "20" },
        goodbye: { type: "string", default: "no thank you, goodbye" },
        listen: { type: "boolean", default: true },
        loss: { type: "string" },
        jitter: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return process.exit(2);
  }
}
