// npm run model:listen -- --seed N [--out DIR] [--human DIR] [--scene dialogue|dense|quiet]
import { launch } from "./launch.mjs";

launch("listen.py", process.argv.slice(2));
