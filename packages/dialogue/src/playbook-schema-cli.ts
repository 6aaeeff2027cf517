import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { playbookJsonSchema } from "./playbook/parse.ts";

/** Writes `playbook.schema.json`, which editors use for the playbooks' first line. A test keeps it current. */
const path = fileURLToPath(new URL("../playbook.schema.json", import.meta.url));
writeFileSync(path, `${JSON.stringify(playbookJsonSchema(), null, 2)}\n`);
process.stdout.write(`${path}\n`);
