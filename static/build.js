// Makes static/dist from static/src. The same sources give the same files,
// byte for byte, so that a difference after a build means that somebody forgot
// to commit one.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(here, "dist");

/** Runs a style sheet that asks for Tailwind through Tailwind's own command. */
const tailwind = {
  name: "tailwind",
  setup(build) {
    build.onLoad({ filter: /tailwind\.css$/ }, ({ path }) => ({
      contents: execFileSync(join(root, "node_modules/.bin/tailwindcss"), ["--input", path], {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
        maxBuffer: 16 * 1024 * 1024,
      }),
      loader: "css",
      resolveDir: dirname(path),
      watchFiles: [...files("views", ".templ"), ...files("static/src", ".js"), join(root, "tailwind.config.js")],
    }));
  },
};

/** Lists the files of a folder that end so. */
function files(folder, end) {
  return readdirSync(join(root, folder)).filter((name) => name.endsWith(end)).map((name) => join(root, folder, name));
}

/** Removes what earlier builds made, since each file has a hash in its name. */
const leftovers = {
  name: "leftovers",
  setup(build) {
    build.onEnd(({ metafile }) => {
      for (const name of metafile ? readdirSync(dist) : []) {
        if (!metafile.outputs[`static/dist/${name}`]) rmSync(join(dist, name));
      }
    });
  },
};

mkdirSync(dist, { recursive: true });

const options = {
  absWorkingDir: root,
  entryPoints: ["static/src/app.js", "static/src/app.css", "static/src/favicon.svg"],
  outdir: "static/dist",
  entryNames: "[name].[hash]",
  assetNames: "[name].[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox121", "safari16.4"],
  loader: { ".woff2": "file", ".svg": "copy" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  plugins: [tailwind, leftovers],
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  const { metafile } = await build(options);
  writeLicences(Object.keys(metafile.inputs));
}

/** Collects the licences of what other people wrote and the bundles hold. */
function licences(inputs) {
  const packages = new Set(["tailwindcss"]); // Its styles come through its own command.
  for (const path of inputs) {
    const name = path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
    if (name) packages.add(name);
  }
  return [...packages].sort().map((name) => {
    const folder = join(root, "node_modules", name);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
}

function writeLicences(inputs) {
  const rule = "\n" + "-".repeat(72) + "\n\n";
  writeFileSync(join(here, "LICENSES.txt"), licences(inputs).join(rule));
}
