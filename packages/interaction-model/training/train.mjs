// npm run model:train -- --out DIR [--human DIR] [--config cpu|gpu] [--minutes N] [--resume]
import { launch } from "./launch.mjs";

launch("train.py", process.argv.slice(2));
