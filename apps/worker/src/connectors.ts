import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CircuitName, type ConnectorsConfig, GuardedCrm, openConnector, parseConnectors } from "@sidetone/crm";
import type { Logger, Metrics } from "@sidetone/platform";
import type { WorkerConfig } from "./config.ts";
import { CrmRouter } from "./crm-router.ts";

const CIRCUIT_LEVEL: Record<CircuitName, number> = { closed: 0, "half-open": 1, open: 2 };

/** Without a file, the embedded shop does everything. */
const embeddedOnly = (dataDir: string): ConnectorsConfig => ({
  connectors: [{ kind: "embedded", name: "shop", path: join(dataDir, "crm.db"), seed: 1 }],
  routes: {},
});

/**
 * Opens the connectors that the configuration names, each behind its own circuit.
 * @throws CrmError CONNECTOR_CONFIG_INVALID
 */
export function openConnectors(
  config: WorkerConfig,
  env: Readonly<Record<string, string | undefined>>,
  metrics: Metrics,
  log: Logger,
): CrmRouter {
  const byDefault = join(config.DATA_DIR, "connectors.yaml");
  const file = config.CONNECTORS_FILE ?? (existsSync(byDefault) ? byDefault : undefined);
  const named = file === undefined ? embeddedOnly(config.DATA_DIR) : parseConnectors(readFileSync(file, "utf8"), env);
  const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: config.TIME_ZONE }).format();
  const circuits = metrics.gauge("connector_circuit", "0 closed, 1 half-open, 2 open", ["connector"] as const);
  const guarded = named.connectors.map((connector) => {
    circuits.set({ connector: connector.name }, 0);
    return new GuardedCrm(openConnector(connector, today), {
      onCircuit: (name, circuit) => {
        circuits.set({ connector: name }, CIRCUIT_LEVEL[circuit]);
        log.warn({ connector: name, circuit }, "a connector's circuit changed");
      },
    });
  });
  return new CrmRouter(guarded, named.routes);
}
