// npm run model:testset -- --out DIR --bank DIR [--count N] [--snr 20 10]
import { launch } from "./launch.mjs";

launch("testset.py", process.argv.slice(2));
