import { isMcpConnector } from "@sidetone/crm";
import type { CrmRouter } from "./crm-router.ts";
import { TaskFault } from "./task-fault.ts";
import type { Tools } from "./tool.ts";

/** Tools of MCP servers as tasks: those that an admin opened in the connector's configuration. */
export function mcpTools(crm: CrmRouter): Tools {
  return {
    "mcp-tool": {
      run: async ({ server, tool, arguments: args }, { signal }) => {
        const connector = crm.named(server)?.connector;
        if (!connector || !isMcpConnector(connector)) {
          throw new TaskFault("CONNECTOR_UNSUPPORTED", `there is no MCP server ${server}`, false, { expected: true });
        }
        const { text, structured } = await connector.callTool(tool, args, { signal });
        return structured === undefined ? { text } : { text, structured };
      },
    },
  };
}
