import { createLog, Shutdown } from "@sidetone/platform";
import { startDashboard } from "../server/start.ts";
import { readDashboardConfig } from "./config.ts";

const config = readDashboardConfig(process.env);
const log = createLog({ process: "dashboard", level: config.logLevel });
const shutdown = new Shutdown(log);
const dashboard = await startDashboard(config, log);
shutdown.add("dashboard", () => dashboard.close());
shutdown.listen();

const address = await dashboard.app.listen({ port: config.port, host: config.host });
log.info({ address }, "the dashboard listens");
if (dashboard.firstAdminUrl) {
  process.stdout.write(`\nFirst start: make the first admin's account at\n  ${dashboard.firstAdminUrl}\n\n`);
}
process.send?.({ type: "listening", address, firstAdminUrl: dashboard.firstAdminUrl });
