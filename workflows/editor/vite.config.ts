import { defineConfig } from "vitest/config";

// One script and one style sheet with fixed names: Django hashes them when it collects static files.
export default defineConfig({
  base: "./",
  build: {
    outDir: "../../static/editor",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    chunkSizeWarningLimit: 600,
    modulePreload: false,
    rollupOptions: {
      input: "src/main.tsx",
      output: { entryFileNames: "editor.js", assetFileNames: "editor[extname]", inlineDynamicImports: true },
    },
  },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
