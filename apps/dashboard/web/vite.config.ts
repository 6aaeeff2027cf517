import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const OUT = "dist";

/** Compresses once, at the build, what the server would otherwise send as it is. */
const precompress = (): Plugin => ({
  name: "precompress",
  apply: "build",
  closeBundle() {
    const folder = join(import.meta.dirname, OUT);
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!/\.(js|css|html|svg)$/.test(name)) continue;
      const file = readFileSync(join(folder, name));
      if (file.length < 1_024) continue;
      writeFileSync(join(folder, `${name}.br`), brotliCompressSync(file));
      writeFileSync(join(folder, `${name}.gz`), gzipSync(file, { level: 9 }));
    }
  },
});

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss(), precompress()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2023",
    // Worklets must be files of their own: the page's policy allows no data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
