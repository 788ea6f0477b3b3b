// Runs the unit tests of tests/**/*.test.ts by Node's own runner, after esbuild has made JavaScript of them.

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const folder = await mkdtemp(join(tmpdir(), "servescope-console-tests-"));
try {
  const files = (await readdir("tests", { recursive: true })).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: files.map((name) => join("tests", name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    outbase: "tests",
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  const made = files.map((name) => join(folder, name.replace(/\.ts$/, ".mjs")));
  process.exitCode = spawnSync(process.execPath, ["--test", ...made], { stdio: "inherit" }).status ?? 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
