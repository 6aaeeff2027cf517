// Finds or installs what the Python side needs and starts it. Debian's own python3 is named by path, because another one may lead the PATH.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const PYTHON = "/usr/bin/python3";
const PACKAGES = ["python3-torch", "python3-onnx", "python3-scipy", "espeak-ng", "flite"];
const here = dirname(fileURLToPath(import.meta.url));

function ready() {
  if (!existsSync(PYTHON)) return false;
  const probe = 'import torch, onnx, scipy, ctypes; ctypes.CDLL("libespeak-ng.so.1"); ctypes.CDLL("libflite.so.1")';
  return spawnSync(PYTHON, ["-c", probe], { stdio: "ignore" }).status === 0;
}

/** Runs `training/<script>` with the given arguments, in the caller's folder; ends the process with its exit code. */
export function launch(script, args) {
  if (!ready()) {
    console.error(`model: installing ${PACKAGES.join(" ")}`);
    const install = spawnSync("apt-get", ["install", "-y", "--no-install-recommends", ...PACKAGES], {
      stdio: ["ignore", 2, 2],
    });
    if (install.status !== 0 || !ready()) {
      console.error(`model: these Debian packages are needed and could not be installed here: ${PACKAGES.join(" ")}`);
      console.error("model: install them as root (apt-get install) and run the same command again");
      process.exit(1);
    }
  }
  const run = spawnSync(PYTHON, [`${here}/${script}`, ...args], { stdio: "inherit" });
  process.exit(run.status ?? 1);
}
