// Makes client.cjs from upload.js and tus-js-client, so that the tests need
// Node alone and nothing from a registry.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

await build({
  absWorkingDir: dirname(fileURLToPath(import.meta.url)),
  entryPoints: ["upload.js"],
  outfile: "client.cjs",
  bundle: true,
  minify: true,
  platform: "node",
  target: "node18",
  format: "cjs",
  legalComments: "none",
  logLevel: "warning",
});
