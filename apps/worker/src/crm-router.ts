import type { CrmContext, CrmInput, CrmOperation, CrmOutput, GuardedCrm } from "@sidetone/crm";

/** Which connector does which operation. An operation without a route of its own goes to the first that can. */
export class CrmRouter {
  readonly #connectors: readonly GuardedCrm[];
  readonly #routes: Partial<Record<CrmOperation, string>>;

  constructor(connectors: readonly GuardedCrm[], routes: Partial<Record<CrmOperation, string>> = {}) {
    this.#connectors = connectors;
    this.#routes = routes;
  }

  get connectors(): readonly GuardedCrm[] {
    return this.#connectors;
  }

  named(name: string): GuardedCrm | undefined {
    return this.#connectors.find((c) => c.name === name);
  }

  for(operation: CrmOperation): GuardedCrm {
    const routed = this.#routes[operation];
    const found =
      (routed === undefined ? undefined : this.named(routed)) ??
      this.#connectors.find((c) => c.can(operation)) ??
      this.#connectors[0];
    if (!found) throw new Error("a router needs a connector");
    return found;
  }

  /** @throws CrmError */
  call<O extends CrmOperation>(operation: O, input: CrmInput<O>, context: CrmContext): Promise<CrmOutput<O>> {
    return this.for(operation).call(operation, input, context);
  }

  async close(): Promise<void> {
    for (const { connector } of this.#connectors) await connector.close();
  }
}
