import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CircuitName,
  type ConnectorConfig,
  type ConnectorsConfig,
  CrmError,
  type CrmOperation,
  GuardedCrm,
  openConnector,
  parseConnector,
  parseConnectors,
} from "@sidetone/crm";
import type { Logger, Metrics } from "@sidetone/platform";
import type { ConnectorCheck, ConnectorChecked, ConnectorStates } from "@sidetone/protocol";
import {
  CONNECTOR_ROUTES_KEY,
  connectorsMark,
  type Database,
  listConnectors,
  readSetting,
  type Sealer,
  secretPlace,
} from "@sidetone/store";
import type { WorkerConfig } from "./config.ts";
import { CrmRouter } from "./crm-router.ts";

const CIRCUIT_LEVEL: Record<CircuitName, number> = { closed: 0, "half-open": 1, open: 2 };
/** A task that still runs on a connector that was taken away may finish: the longest of them takes less. */
const CLOSE_AFTER_MS = 60_000;
const CHECK_MS = 15_000;

type Env = Readonly<Record<string, string | undefined>>;

export interface ConnectorsOptions {
  config: Pick<WorkerConfig, "DATA_DIR" | "CONNECTORS_FILE" | "TIME_ZONE">;
  env: Env;
  database: Database;
  sealer: Sealer;
  metrics: Metrics;
  log: Logger;
}

interface Open {
  /** Everything that it was opened with, as text: the same again is left alone, circuit and all. */
  mark: string;
  guarded: GuardedCrm;
}

/** The connectors of this worker: those of the file (or the embedded shop), and those that were made in the dashboard. */
export class Connectors {
  readonly crm = new CrmRouter([]);
  readonly #options: ConnectorsOptions;
  readonly #circuits;
  readonly #open = new Map<string, Open>();
  readonly #faults = new Map<string, { kind: string; fault: string }>();
  readonly #closing = new Set<NodeJS.Timeout>();
  #seen = "";

  constructor(options: ConnectorsOptions) {
    this.#options = options;
    this.#circuits = options.metrics.gauge("connector_circuit", "0 closed, 1 half-open, 2 open", [
      "connector",
    ] as const);
  }

  /**
   * Reads everything that is configured. The file is checked at the start and never again.
   * @throws CrmError CONNECTOR_CONFIG_INVALID for a file that is wrong
   */
  async start(): Promise<void> {
    await this.#read();
  }

  /** Takes what was changed since; true when something was. What is wrong costs its own connector, and is told. */
  async refresh(): Promise<boolean> {
    if ((await connectorsMark(this.#options.database.db)) === this.#seen) return false;
    await this.#read();
    return true;
  }

  states(): ConnectorStates {
    const inUse = this.crm.connectors.map((connector) => ({
      name: connector.name,
      kind: connector.connector.kind,
      circuit: connector.circuit,
      operations: connector.capabilities as string[],
      fault: null,
    }));
    const faulty = [...this.#faults].map(([name, { kind, fault }]) => ({
      name,
      kind,
      circuit: null,
      operations: [],
      fault,
    }));
    return { at: new Date().toISOString(), connectors: [...inUse, ...faulty] };
  }

  /** Tries address and credentials, of a connector in use or of one that is being written. */
  async check({
    name,
    config,
    secrets,
  }: Pick<ConnectorCheck, "name" | "config" | "secrets">): Promise<ConnectorChecked> {
    const startedMs = performance.now();
    const tookMs = () => Math.round(performance.now() - startedMs);
    let trial: GuardedCrm | undefined;
    try {
      if (config !== undefined) trial = this.#guard(this.#parse(name, config, secrets));
      const connector = trial ?? this.crm.named(name);
      if (!connector)
        throw new CrmError("CONNECTOR_CONFIG_INVALID", this.#faults.get(name)?.fault ?? "it is not enabled");
      const detail = await connector.check({ signal: AbortSignal.timeout(CHECK_MS) });
      return { ok: true, detail, code: null, operations: connector.capabilities, tookMs: tookMs() };
    } catch (error) {
      const code = error instanceof CrmError ? error.code : "CONNECTOR_DOWN";
      const detail = error instanceof Error ? error.message : String(error);
      return { ok: false, detail, code, operations: [], tookMs: tookMs() };
    } finally {
      await trial?.connector.close();
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#closing) clearTimeout(timer);
    await this.crm.close();
  }

  async #read(): Promise<void> {
    const { database, log } = this.#options;
    this.#seen = await connectorsMark(database.db);
    const stored = await listConnectors(database.db);
    const base = this.#fromFile();
    const taken = new Set(stored.map((connector) => connector.name));
    this.#faults.clear();
    const configs: ConnectorConfig[] = [];
    for (const { name, kind, config, secrets, enabled } of stored) {
      if (!enabled) continue;
      try {
        configs.push(this.#parse(name, config, secrets));
      } catch (error) {
        const fault = error instanceof Error ? error.message : String(error);
        this.#faults.set(name, { kind, fault });
        log.error({ connector: name, fault }, "a connector cannot be used");
      }
    }
    // What was made in the dashboard comes first: the embedded shop can do everything.
    configs.push(...base.connectors.filter((connector) => !taken.has(connector.name)));
    const routes = { ...base.routes, ...((await readSetting(database.db, CONNECTOR_ROUTES_KEY)) ?? {}) };
    const names = new Set(configs.map((config) => config.name));
    const known = Object.entries(routes).filter(([, name]) => names.has(name as string));
    this.#use(configs, Object.fromEntries(known) as Partial<Record<CrmOperation, string>>);
    log.info({ connectors: [...names] }, "connectors are ready");
  }

  /** Opens what is new or changed, keeps what is the same, and lets go of the rest. */
  #use(configs: readonly ConnectorConfig[], routes: Partial<Record<CrmOperation, string>>): void {
    const next: GuardedCrm[] = [];
    const left = new Map(this.#open);
    for (const config of configs) {
      const mark = JSON.stringify(config);
      const known = left.get(config.name);
      if (known?.mark === mark) {
        left.delete(config.name);
        next.push(known.guarded);
        continue;
      }
      const guarded = this.#guard(config);
      this.#circuits.set({ connector: config.name }, 0);
      this.#open.set(config.name, { mark, guarded });
      next.push(guarded);
    }
    this.crm.replace(next, routes);
    for (const [name, { guarded }] of left) {
      if (this.#open.get(name)?.guarded === guarded) this.#open.delete(name);
      this.#closeLater(guarded);
    }
  }

  #closeLater(guarded: GuardedCrm): void {
    const timer = setTimeout(() => {
      this.#closing.delete(timer);
      guarded.connector
        .close()
        .catch((error: unknown) => this.#options.log.debug({ err: error }, "a connector closed badly"));
    }, CLOSE_AFTER_MS);
    timer.unref();
    this.#closing.add(timer);
  }

  #parse(name: string, config: string, sealed: Readonly<Record<string, string>>): ConnectorConfig {
    const secrets: Record<string, string | undefined> = { ...this.#options.env };
    for (const [secret, text] of Object.entries(sealed)) {
      try {
        secrets[secret] = this.#options.sealer.unseal(secretPlace(name, secret), text);
      } catch (cause) {
        const detail = `the secret ${secret} was sealed with another key; enter it again, or give both processes the same SEALING_KEY`;
        throw new CrmError("CONNECTOR_CONFIG_INVALID", detail, { cause });
      }
    }
    return parseConnector(name, config, secrets);
  }

  /** Without a file, the embedded shop does everything. */
  #fromFile(): ConnectorsConfig {
    const { DATA_DIR, CONNECTORS_FILE } = this.#options.config;
    const byDefault = join(DATA_DIR, "connectors.yaml");
    const file = CONNECTORS_FILE ?? (existsSync(byDefault) ? byDefault : undefined);
    if (file !== undefined) return parseConnectors(readFileSync(file, "utf8"), this.#options.env);
    return { connectors: [{ kind: "embedded", name: "shop", path: join(DATA_DIR, "crm.db"), seed: 1 }], routes: {} };
  }

  #guard(config: ConnectorConfig): GuardedCrm {
    const { config: settings, log } = this.#options;
    const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: settings.TIME_ZONE }).format();
    return new GuardedCrm(openConnector(config, today), {
      onCircuit: (name, circuit) => {
        this.#circuits.set({ connector: name }, CIRCUIT_LEVEL[circuit]);
        log.warn({ connector: name, circuit }, "a connector's circuit changed");
      },
    });
  }
}
