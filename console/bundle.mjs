// Bundles the console's pages: in, src/ and node_modules; out, a folder with index.html, a script, a style sheet and the
// shared worker, the three named by what is in them. Called by build_pages.py as `node bundle.mjs FOLDER`.

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MOST_KB = 150; // gzipped, all of it together

const folder = process.argv[2];
if (!folder) {
  console.error("Say where to: node bundle.mjs FOLDER");
  process.exit(2);
}

const shared = {
  bundle: true,
  minify: true,
  metafile: true,
  format: "esm",
  target: ["chrome100", "firefox100", "safari15.4"],
  entryNames: "[name]-[hash]",
  outdir: folder,
  logLevel: "warning",
};

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const worker = await build({ ...shared, format: "iife", entryPoints: ["src/live/worker.ts"] });
const page = await build({
  ...shared,
  entryPoints: ["src/main.ts", "src/style/main.css"],
  define: { WORKER_FILE: JSON.stringify(named(worker, ".js")) },
});
const html = (await readFile("src/index.html", "utf8"))
  .replace("SCRIPT_FILE", named(page, ".js"))
  .replace("STYLE_FILE", named(page, ".css"));
await writeFile(join(folder, "index.html"), html);
// Its licence asks that the notice goes along.
await copyFile("node_modules/uplot/LICENSE", join(folder, "uplot-LICENSE.txt"));
await weigh([worker, page], html);

/** The file's name of a build's one output that ends so. */
function named(result, ending) {
  return basename(Object.keys(result.metafile.outputs).find((path) => path.endsWith(ending)));
}

/** Print what a browser downloads, and fail where that is too much. */
async function weigh(results, html) {
  const paths = results.flatMap((result) => Object.keys(result.metafile.outputs)).filter((path) => /\.(js|css)$/.test(path));
  let bytes = gzipSync(html).length;
  for (const path of paths) bytes += gzipSync(await readFile(path)).length;
  const kb = bytes / 1000;
  console.log(`The console's pages: ${paths.length + 1} files, ${kb.toFixed(1)} kB gzipped`);
  if (kb > MOST_KB) {
    console.error(`That is more than the ${MOST_KB} kB that they may have.`);
    process.exit(1);
  }
}
