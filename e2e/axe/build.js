// Copies axe here, with its licence, so that the tests need nothing from a
// registry.

import { copyFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = dirname(createRequire(import.meta.url).resolve("axe-core/package.json"));

for (const name of ["axe.min.js", "LICENSE"]) copyFileSync(join(folder, name), join(here, name));
