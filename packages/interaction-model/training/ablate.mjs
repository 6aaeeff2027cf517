// npm run model:ablate -- --bank DIR --out DIR [--minutes N] [--only NAME ...]
import { launch } from "./launch.mjs";

launch("ablate.py", process.argv.slice(2));
