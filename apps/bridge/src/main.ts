import { createLog, realClock, Shutdown } from "@sidetone/platform";
import { Bridge } from "./bridge.ts";
import { bridgeConfig } from "./config.ts";

const config = bridgeConfig(process.env);
const log = createLog({ process: "bridge", level: config.LOG_LEVEL });
const shutdown = new Shutdown(log);
shutdown.listen();

const bridge = new Bridge({ config, clock: realClock, log });

// In this order: no new calls, the running ones end, then everything that served them.
shutdown.add("calls", () => bridge.drain());
shutdown.add("bridge", () => bridge.close());

await bridge.start();
