import {
  type CrmContext,
  CrmError,
  type CrmInput,
  type CrmOperation,
  type CrmOutput,
  type GuardedCrm,
} from "@sidetone/crm";

/** Which connector does which operation. An operation without a route of its own goes to the first that can. */
export class CrmRouter {
  #connectors: readonly GuardedCrm[];
  #routes: Partial<Record<CrmOperation, string>>;

  constructor(connectors: readonly GuardedCrm[], routes: Partial<Record<CrmOperation, string>> = {}) {
    this.#connectors = connectors;
    this.#routes = routes;
  }

  get connectors(): readonly GuardedCrm[] {
    return this.#connectors;
  }

  /** Takes a whole new set; what runs already goes on with the connector that it has. Closing the old ones is the caller's. */
  replace(connectors: readonly GuardedCrm[], routes: Partial<Record<CrmOperation, string>>): void {
    this.#connectors = connectors;
    this.#routes = routes;
  }

  named(name: string): GuardedCrm | undefined {
    return this.#connectors.find((c) => c.name === name);
  }

  /** @throws CrmError CONNECTOR_UNSUPPORTED when there is no connector at all */
  for(operation: CrmOperation): GuardedCrm {
    const routed = this.#routes[operation];
    const found =
      (routed === undefined ? undefined : this.named(routed)) ??
      this.#connectors.find((c) => c.can(operation)) ??
      this.#connectors[0];
    if (!found) throw new CrmError("CONNECTOR_UNSUPPORTED", "no connector is enabled");
    return found;
  }

  /** @throws CrmError */
  async call<O extends CrmOperation>(operation: O, input: CrmInput<O>, context: CrmContext): Promise<CrmOutput<O>> {
    return this.for(operation).call(operation, input, context);
  }

  async close(): Promise<void> {
    for (const { connector } of this.#connectors) await connector.close();
  }
}
