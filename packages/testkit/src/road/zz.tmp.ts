import { writeFileSync } from "node:fs";
import { execSync } from "node:child_process";
import { Road } from "./road.ts";
import { speak } from "../caller/speech.ts";
const road = await Road.start({ podEnv: { POD_CAPACITY: "8" } });
const say = await Promise.all(["yes", "where is my order", "four seven two nine one", "no thank you goodbye"].map((t) => speak(t, "en-us")));
const steps = say.flatMap((audio) => [{ do: "listen", quietMs: 700, atMostMs: 15000 } as const, { do: "speak", audio } as const]);
const call = road.call([...steps, { do: "listen", quietMs: 700, atMostMs: 8000 }, { do: "hang-up" }], { playbook: "retail-order-support", onEvent: (e) => { if (!e.type.startsWith("mark")) console.log(JSON.stringify(e).slice(0, 160)); } });
await call.ended;
console.log(call.ear.responseLatenciesMs(), call.ear.stopLatenciesMs());
writeFileSync("/tmp/try/call.wav", call.ear.toWav());
console.log(road.carrier.notices);
await new Promise((r) => setTimeout(r, 1500));
try { console.log(execSync(`node apps/inference/src/verify.ts $(find ${road.dataDir} -name "*.tape*"); node packages/store/src/tape-cli.ts show $(find ${road.dataDir} -name "*.tape*") | grep -v snapshot | cut -c1-180 | head -80`, { encoding: "utf8" })); } catch (e) { console.log((e as {stdout: string}).stdout); }
await road.close();
