/** What a new connector of each kind begins with. Secrets are named, never written here. */
export const TEMPLATES = {
  hubspot: `kind: hubspot
auth: { privateAppToken: "\${HUBSPOT_TOKEN}" }
`,
  salesforce: `kind: salesforce
instanceUrl: https://example.my.salesforce.com
auth:
  tokenUrl: https://example.my.salesforce.com/services/oauth2/token
  clientId: "\${SALESFORCE_CLIENT_ID}"
  clientSecret: "\${SALESFORCE_CLIENT_SECRET}"
`,
  zendesk: `kind: zendesk
baseUrl: https://example.zendesk.com
auth: { email: agent@example.com, apiToken: "\${ZENDESK_TOKEN}" }
`,
  rest: `kind: rest
baseUrl: https://fulfilment.example.com/api
auth: { type: bearer, token: "\${SERVICE_TOKEN}" }
# A path that answers 200 when address and credentials are right.
checkPath: /status
operations:
  cancelOrder:
    method: POST
    path: /orders/{orderNumber}/cancellation
    body: '{ "reason": reason }'
    result: '{ "reference": body.confirmation }'
    idempotencyHeader: idempotency-key
`,
  sql: `kind: sql
url: "\${DATABASE_URL}"
operations:
  getOrder:
    query: >
      select number as "orderNumber", customer_id::text as "customerId", status, placed_on as "placedOn",
        total_cents as "totalCents", currency, expected_on as "expectedOn"
      from orders where number = :orderNumber
`,
  mcp: `kind: mcp
transport: { type: http, url: https://mcp.example.com/mcp, headers: { authorization: "Bearer \${MCP_TOKEN}" } }
tools: []
`,
} as const;

export type TemplateKind = keyof typeof TEMPLATES;
export const KIND_NAMES: Readonly<Record<string, string>> = {
  embedded: "Built-in shop",
  hubspot: "HubSpot",
  salesforce: "Salesforce",
  zendesk: "Zendesk",
  rest: "REST service",
  sql: "SQL database",
  mcp: "MCP server",
};

/** The secrets that a connector's text names. */
export const secretsNamed = (config: string): string[] => [
  ...new Set([...config.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map((match) => match[1] as string)),
];
