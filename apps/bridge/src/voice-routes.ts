import { randomUUID } from "node:crypto";
import { type Logger, SidetoneError } from "@sidetone/platform";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import twilio from "twilio";
import { z } from "zod";
import type { AfterPlans } from "./after-plans.ts";
import type { AfterCall } from "./call-info.ts";
import type { BridgeMetrics } from "./metrics.ts";
import type { ParkedCall, ParkedCalls } from "./parked-calls.ts";
import type { ChosenPlaybook, PlaybookSource } from "./playbook-source.ts";
import type { CarrierSignature } from "./signature.ts";
import type { StreamTokens } from "./stream-token.ts";

type VoiceResponse = InstanceType<typeof twilio.twiml.VoiceResponse>;

const VoiceForm = z.looseObject({
  CallSid: z.string().min(1).max(64),
  From: z.string().max(120).default(""),
  To: z.string().max(120).default(""),
  Direction: z.string().default("inbound"),
  CallStatus: z.string().default(""),
});
const VoiceQuery = z.object({ playbook: z.string().max(60).optional() });
const AfterForm = VoiceForm.extend({ DialCallStatus: z.string().optional() });

export interface VoiceRoutesOptions {
  publicUrl: string;
  streamUrl: string;
  signature: CarrierSignature;
  tokens: StreamTokens;
  playbooks: PlaybookSource;
  plans: AfterPlans;
  parked: ParkedCalls;
  metrics: BridgeMetrics;
  log: Logger;
  fallback: { line: string; number: string | undefined };
  /** Why no new call can be taken for a model; undefined when one can. */
  refusal: (model: string) => SidetoneError | undefined;
  /** The carrier says that a call has ended. */
  carrierEnded: (carrierCallId: string, status: string) => void;
}

/** The carrier's webhooks. Every one is signed, and every answer is TwiML made by the carrier's own builders. */
export function voiceRoutes(server: FastifyInstance, options: VoiceRoutesOptions): void {
  const { signature, plans, log, metrics } = options;
  const signed = {
    preHandler: async (request: FastifyRequest) => signature.checkWebhook(request),
  };

  server.post("/voice", signed, async (request, reply) => {
    const form = VoiceForm.parse(request.body);
    const { playbook } = VoiceQuery.parse(request.query);
    const chosen = playbook === undefined ? chooseFor(options, form) : named(options, playbook);
    const refusal = options.refusal(chosen.playbook.model);
    if (refusal) {
      metrics.callsRefused.inc({ code: refusal.code });
      log.warn({ code: refusal.code, carrierCallId: form.CallSid }, "a call cannot be taken");
      return twiml(reply, fallback(options));
    }
    return twiml(reply, connect(options, form, chosen));
  });

  server.post("/voice/after", signed, async (request, reply) => {
    const form = AfterForm.parse(request.body);
    if (form.DialCallStatus !== undefined) return twiml(reply, afterDial(options, form, form.DialCallStatus));
    const after = plans.take(form.CallSid);
    log.info({ carrierCallId: form.CallSid, after: after.kind }, "the stream is over");
    return twiml(reply, answerAfter(options, form, after));
  });

  server.post("/voice/status", signed, async (request, reply) => {
    const form = VoiceForm.parse(request.body);
    if (/^(completed|busy|failed|no-answer|canceled)$/.test(form.CallStatus)) {
      plans.forget(form.CallSid);
      options.carrierEnded(form.CallSid, form.CallStatus);
    }
    return reply.code(204).send();
  });

  server.post("/voice/stream-status", signed, async (request, reply) => {
    const form = z.looseObject({ CallSid: z.string(), StreamEvent: z.string() }).parse(request.body);
    if (form.StreamEvent === "stream-error") {
      log.warn({ carrierCallId: form.CallSid, error: form.StreamError }, "the carrier reports a stream error");
    }
    return reply.code(204).send();
  });
}

const chooseFor = ({ playbooks }: VoiceRoutesOptions, form: z.infer<typeof VoiceForm>): ChosenPlaybook =>
  playbooks.forCall({ to: form.To, from: form.From, carrierCallId: form.CallSid });

const named = ({ playbooks }: VoiceRoutesOptions, key: string): ChosenPlaybook => ({
  key,
  playbook: playbooks.byKey(key),
  route: undefined,
});

/** A call that comes back goes on with what it had, whatever is routed by now. */
const ofParked = ({ info }: ParkedCall): ChosenPlaybook => ({
  key: info.playbookKey,
  playbook: info.playbook,
  route: info.route,
});

/** `<Connect><Stream>` with its token, and the route that decides what follows when we close the socket. */
function connect(options: VoiceRoutesOptions, form: z.infer<typeof VoiceForm>, chosen: ChosenPlaybook): VoiceResponse {
  const callId = randomUUID().replaceAll("-", "");
  const direction = form.Direction.startsWith("outbound") ? "outbound" : "inbound";
  const { key, playbook, route } = chosen;
  const claims = {
    callId,
    from: form.From,
    to: form.To,
    playbook: key,
    route: route?.id,
    direction,
    browser: false,
  } as const;
  const response = new twilio.twiml.VoiceResponse();
  const stream = response.connect().stream({
    url: options.streamUrl,
    statusCallback: `${options.publicUrl}/voice/stream-status`,
  });
  stream.parameter({ name: "token", value: options.tokens.issue(claims, form.CallSid) });
  stream.parameter({ name: "callId", value: callId });
  stream.parameter({ name: "playbook", value: playbook.id });
  response.redirect({ method: "POST" }, `${options.publicUrl}/voice/after`);
  return response;
}

function answerAfter(
  options: VoiceRoutesOptions,
  form: z.infer<typeof VoiceForm>,
  after: AfterCall | { kind: "reattach" },
): VoiceResponse {
  const response = new twilio.twiml.VoiceResponse();
  switch (after.kind) {
    case "hang-up":
      response.hangup();
      return response;
    case "transfer":
      response.dial({ action: `${options.publicUrl}/voice/after`, method: "POST" }, after.target);
      return response;
    case "fallback":
      return fallback(options);
    case "reattach": {
      const parked = options.parked.get(form.CallSid);
      const chosen = parked ? ofParked(parked) : chooseFor(options, form);
      return options.refusal(chosen.playbook.model) ? fallback(options) : connect(options, form, chosen);
    }
  }
}

/** A transfer that nobody answered comes back to the agent, who knows why. */
function afterDial(options: VoiceRoutesOptions, form: z.infer<typeof VoiceForm>, status: string): VoiceResponse {
  if (status !== "completed" && status !== "answered") {
    const parked = options.parked.returned(form.CallSid, status);
    if (!parked || options.refusal(parked.info.playbook.model)) return fallback(options);
    return connect(options, form, ofParked(parked));
  }
  const response = new twilio.twiml.VoiceResponse();
  response.hangup();
  return response;
}

/** Never a dead line: a sentence, then a person where there is one. */
function fallback(options: VoiceRoutesOptions): VoiceResponse {
  const response = new twilio.twiml.VoiceResponse();
  response.say(options.fallback.line);
  if (options.fallback.number) response.dial(options.fallback.number);
  else response.hangup();
  return response;
}

function twiml(reply: FastifyReply, response: VoiceResponse): FastifyReply {
  return reply.type("text/xml").send(response.toString());
}

/** Answers errors by their code; what is not ours is a malformed request or a fault. */
export function answerError(error: unknown, reply: FastifyReply, metrics: BridgeMetrics, log: Logger): FastifyReply {
  const coded =
    error instanceof SidetoneError
      ? error
      : error instanceof z.ZodError
        ? new SidetoneError("REQUEST_INVALID", error.issues[0]?.path.join("."))
        : undefined;
  if (coded) {
    metrics.callsRefused.inc({ code: coded.code });
    return reply.code(coded.httpStatus).send({ error: coded.toJSON() });
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  if (status >= 500) log.error({ err: error }, "a request failed");
  return reply
    .code(status)
    .send({ error: { code: "REQUEST_INVALID", message: status < 500 ? String(error) : "A fault." } });
}
