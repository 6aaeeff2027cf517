export {
  ConnectorConfig,
  ConnectorsConfig,
  connectorsNamed,
  openConnector,
  openSecrets,
  parseConnector,
  parseConnectors,
  secretNames,
} from "./connectors.ts";
export { openEmbeddedConnector } from "./embedded/connector.ts";
export {
  FULL_SIZE,
  generateRetailer,
  KNOWN_CUSTOMER_NAME,
  KNOWN_CUSTOMER_PHONE,
  KNOWN_ORDER_NUMBER,
  type Retailer,
  type RetailerSize,
} from "./embedded/retailer.ts";
export { CRM_ERROR_CODES, CrmError, type CrmErrorCode } from "./errors.ts";
export { type CircuitName, GuardedCrm, type GuardOptions } from "./guarded-crm.ts";
export {
  type Acknowledged,
  type Connector,
  CRM_OPERATION_NAMES,
  CRM_OPERATIONS,
  type CrmContext,
  type CrmInput,
  type CrmOperation,
  type CrmOperations,
  type CrmOutput,
} from "./port.ts";
export { isMcpConnector, type McpAnswer, type McpConnector } from "./services/mcp.ts";
