import { stat } from "node:fs/promises";
import { isAbsolute, join, resolve, sep } from "node:path";
import { fileBytes } from "@sidetone/store";
import type { DashboardConfig } from "../../src/config.ts";
import type { FindTape } from "./replays.ts";

/** Finds tapes in the storage folder. Paths outside it are refused, whatever a row says. */
export function findTapes(config: DashboardConfig): FindTape {
  const root = resolve(config.dataDir);
  return async (tapePath) => {
    const path = isAbsolute(tapePath) ? resolve(tapePath) : resolve(join(root, tapePath));
    if (!path.startsWith(root + sep)) return undefined;
    try {
      return { bytes: fileBytes(path), sizeBytes: (await stat(path)).size };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  };
}
