import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import formbody from "@fastify/formbody";
import websocket from "@fastify/websocket";
import { type Clock, type Logger, Metrics, SidetoneError, type Stop, serveOperations } from "@sidetone/platform";
import { FiguresOfCall, LIVE_SUFFIX, openTapeStorage, type TapeStorage } from "@sidetone/store";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { AfterPlans } from "./after-plans.ts";
import { Background } from "./background.ts";
import { CallControl } from "./call-control.ts";
import { Calls, tapePath } from "./calls.ts";
import type { BridgeConfig } from "./config.ts";
import { MAX_MESSAGE_BYTES, MediaSocket } from "./media-socket.ts";
import { type BridgeMetrics, createBridgeMetrics } from "./metrics.ts";
import { closeOrphanTapes, ORPHAN_REASON, type OrphanCall } from "./orphan-tapes.ts";
import { ParkedCalls } from "./parked-calls.ts";
import { phoneRoute } from "./phone-route.ts";
import { PlaybookTable } from "./playbook-source.ts";
import { PlaybookWatch } from "./playbook-watch.ts";
import { Pods } from "./pods.ts";
import { CarrierSignature } from "./signature.ts";
import { StreamTokens } from "./stream-token.ts";
import { TickLoop } from "./tick-loop.ts";
import { answerError, voiceRoutes } from "./voice-routes.ts";

const SOFTWARE_VERSION = "0.1.0";
/** A webhook's form is a few KB. */
const MAX_BODY_BYTES = 65_536;

/** How often tapes that other bridges left behind are looked for. */
const SWEEP_MS = 60_000;

export interface BridgeOptions {
  config: BridgeConfig;
  clock: Clock;
  log: Logger;
  /** The wall clock, for startedAt and token expiry only. */
  wallMs?: () => number;
  metrics?: Metrics;
  /** What a call's variants of lines are chosen by; random unless given. */
  seed?: () => number;
}

/** The whole bridge, wired: what `main.ts` runs and what tests start in their own process. */
export class Bridge {
  readonly calls: Calls;
  readonly pods: Pods;
  readonly playbooks: PlaybookTable;
  readonly #config: BridgeConfig;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #counts: BridgeMetrics;
  readonly #ticks: TickLoop;
  readonly #tokens: StreamTokens;
  readonly #plans: AfterPlans;
  readonly #signature: CarrierSignature;
  readonly #parked: ParkedCalls;
  readonly #background: Background;
  readonly #watch: PlaybookWatch;
  readonly #tapeFolder: string;
  /** Opened at the start, before the first call. */
  #storage: TapeStorage | undefined;
  #stopSweeping: Stop | undefined;
  readonly #server: FastifyInstance;
  readonly #publicUrl: string;
  readonly #wallMs: () => number;
  #draining = false;

  constructor(options: BridgeOptions) {
    const { config, clock, log } = options;
    const wallMs = options.wallMs ?? Date.now;
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#metrics = options.metrics ?? new Metrics("bridge");
    this.#counts = createBridgeMetrics(this.#metrics);
    this.#publicUrl = config.PUBLIC_URL?.replace(/\/$/, "") ?? `http://127.0.0.1:${config.PORT}`;
    this.#tokens = new StreamTokens(config.TWILIO_AUTH_TOKEN, { ttlMs: config.TOKEN_TTL_MS, wallMs });
    this.#plans = new AfterPlans(clock);
    this.#parked = new ParkedCalls(clock);
    this.#wallMs = wallMs;
    this.#signature = new CarrierSignature(config.TWILIO_AUTH_TOKEN, this.#publicUrl);
    const routes = { numbers: config.NUMBERS ?? {}, byDefault: config.PLAYBOOK };
    this.playbooks = new PlaybookTable(routes, [], wallMs);
    this.#watch = new PlaybookWatch({
      clock,
      log,
      folder: resolve(config.DATA_DIR, "playbooks"),
      table: this.playbooks,
      ...routes,
    });
    this.pods = new Pods({
      clock,
      log,
      metrics: this.#counts,
      addresses: config.PODS,
      resolveMs: config.PODS_RESOLVE_MS,
      statusMs: config.POD_STATUS_MS,
      timeoutMs: config.POD_TIMEOUT_MS,
    });
    this.#ticks = new TickLoop({ clock, metrics: this.#counts, send: (nowMs) => this.pods.send(nowMs) });
    this.#tapeFolder = resolve(config.DATA_DIR, "tapes");
    this.calls = new Calls({
      clock,
      wallMs,
      seed: options.seed,
      log,
      metrics: this.#counts,
      pods: this.pods,
      ticks: this.#ticks,
      tokens: this.#tokens,
      playbooks: this.playbooks,
      plans: this.#plans,
      control: new CallControl({
        accountSid: config.TWILIO_ACCOUNT_SID,
        authToken: config.TWILIO_AUTH_TOKEN,
        apiBase: config.TWILIO_API_BASE,
        publicUrl: this.#publicUrl,
        plans: this.#plans,
        clock,
        log,
      }),
      parked: this.#parked,
      tapes: {
        livePath: (callId, startedAt) => `${tapePath(this.#tapeFolder, callId, startedAt)}${LIVE_SUFFIX}`,
        finish: (livePath) => this.#storage!.keep(livePath),
      },
      bridgeId: config.BRIDGE_ID,
      softwareVersion: SOFTWARE_VERSION,
      timeZone: config.TIME_ZONE,
      leadMs: config.LEAD_MS,
      recoveryMs: config.POD_RECOVERY_MS,
      maxCalls: config.MAX_CALLS,
      taskMediansMs: () => this.#background.presence.taskMediansMs,
    });
    this.#background = new Background({
      redisUrl: config.REDIS_URL,
      clock,
      wallMs,
      log,
      metrics: this.#counts,
      calls: this.calls,
      bridgeId: config.BRIDGE_ID,
      publicUrl: this.#publicUrl,
    });
    this.calls.listener = this.#background;
    this.#server = Fastify({ logger: false, bodyLimit: MAX_BODY_BYTES, trustProxy: true });
  }

  get publicUrl(): string {
    return this.#publicUrl;
  }

  get streamUrl(): string {
    return `${this.#publicUrl.replace(/^http/, "ws")}/media`;
  }

  get ready(): boolean {
    return !this.#draining && [...this.pods.links].some((link) => link.status?.ready === true);
  }

  /** Listens and starts ticking; returns the port. */
  async start(): Promise<number> {
    const { STORAGE_URL } = this.#config;
    this.#storage = await openTapeStorage({ folder: this.#tapeFolder, storageUrl: STORAGE_URL });
    await Promise.all([this.pods.start(), this.#watch.start()]);
    this.#background.start();
    await this.#routes();
    await this.#server.listen({ host: this.#config.HOST, port: this.#config.PORT });
    const { port } = this.#server.server.address() as AddressInfo;
    this.#ticks.start();
    void this.#sweepTapes();
    this.#stopSweeping = this.#clock.every(SWEEP_MS, () => void this.#sweepTapes());
    this.#log.info({ port, publicUrl: this.#publicUrl }, "the bridge takes calls");
    return port;
  }

  /** No new calls; resolves when the last one has ended, or after DRAIN_MS, when what is left is ended. */
  async drain(): Promise<void> {
    this.#draining = true;
    const late = Promise.withResolvers<void>();
    const cancel = this.#clock.after(this.#config.DRAIN_MS, late.resolve);
    await Promise.race([this.calls.drain(), late.promise]);
    cancel();
    await this.calls.endAll("drained");
  }

  async close(): Promise<void> {
    this.#stopSweeping?.();
    this.#watch.close();
    this.#ticks.stop();
    await this.#server.close();
    this.pods.close();
    await this.#background.close();
  }

  /** Off the road: what a killed bridge left behind, this one's earlier run or another's. */
  async #sweepTapes(): Promise<void> {
    try {
      const kept = await this.#storage!.keepLeftovers();
      if (kept > 0) this.#log.info({ tapes: kept }, "tapes that had waited were put away");
    } catch (error) {
      this.#log.warn({ err: error }, "tapes wait in the tape folder");
    }
    await closeOrphanTapes({
      folder: this.#tapeFolder,
      bridgeId: this.#config.BRIDGE_ID,
      wallMs: this.#wallMs,
      log: this.#log,
      isLive: (callId) => this.calls.holds(callId),
      finish: (livePath) => this.#storage!.keep(livePath),
      found: (call) => this.#endOrphan(call),
    });
  }

  #endOrphan(call: OrphanCall): void {
    const figures = new FiguresOfCall().figures(0);
    figures.durationMs = call.durationMs;
    const { callId, tapePath } = call;
    this.#background.event({ type: "ended", callId, atMs: call.durationMs, reason: ORPHAN_REASON, figures, tapePath });
    this.#background.finished({ info: call, reason: ORPHAN_REASON, figures, tapePath });
  }

  async #routes(): Promise<void> {
    const server = this.#server;
    server.setErrorHandler((error, _request, reply) => answerError(error, reply, this.#counts, this.#log));
    await server.register(formbody);
    await server.register(websocket, { options: { maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false } });
    serveOperations(server, this.#metrics, { health: () => this.#health(), ready: () => this.ready });
    voiceRoutes(server, {
      publicUrl: this.#publicUrl,
      streamUrl: this.streamUrl,
      signature: this.#signature,
      tokens: this.#tokens,
      playbooks: this.playbooks,
      plans: this.#plans,
      parked: this.#parked,
      metrics: this.#counts,
      log: this.#log,
      fallback: { line: this.#config.FALLBACK_LINE, number: this.#config.FALLBACK_NUMBER },
      refusal: (model) => this.calls.refusal(model),
      carrierEnded: (carrierCallId, status) => this.calls.carrierEnded(carrierCallId, status),
    });
    phoneRoute(server, {
      authToken: this.#config.TWILIO_AUTH_TOKEN,
      streamUrl: this.streamUrl,
      tokens: this.#tokens,
      playbooks: this.playbooks,
      wallMs: this.#wallMs,
      refusal: (model) => this.calls.refusal(model),
    });
    server.get(
      "/media",
      { websocket: true, preValidation: async (request) => void this.#checkUpgrade(request) },
      (socket, request) => {
        const isSigned = this.#checkUpgrade(request);
        new MediaSocket(socket, request.raw.socket, {
          clock: this.#clock,
          log: this.#log,
          startTimeoutMs: this.#config.START_TIMEOUT_MS,
          accept: (start, media) => this.calls.open(start, media, isSigned),
          refused: (code) => this.#counts.callsRefused.inc({ code }),
        });
      },
    );
  }

  /** The carrier signs its upgrade; a browser comes from the dashboard's origin instead and shows a browser's token. */
  #checkUpgrade(request: FastifyRequest): boolean {
    const origin = request.headers.origin;
    if (origin !== undefined && request.headers["x-twilio-signature"] === undefined) {
      if (origin !== this.#config.DASHBOARD_ORIGIN) throw new SidetoneError("ORIGIN_FORBIDDEN");
      return false;
    }
    this.#signature.checkUpgrade(request, this.streamUrl);
    return true;
  }

  #health() {
    const pods = [...this.pods.links];
    const up = pods.filter((link) => link.status?.ready);
    const podStatus = up.length === 0 ? "down" : up.length < pods.length ? "degraded" : "ok";
    const redisStatus = this.#background.status;
    return {
      // Without Redis calls go on; what they ask of others waits.
      status: podStatus === "ok" ? redisStatus : podStatus,
      parts: {
        pods: { status: podStatus, detail: `${up.length} of ${pods.length} ready` },
        redis: { status: redisStatus },
        calls: { status: "ok", detail: `${this.calls.size} of ${this.#config.MAX_CALLS}` },
      },
    } as const;
  }
}
