// Where things lie. All of it is brought by `make edge`.

import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Logs and configurations of the last run. */
export const KEPT = join(ROOT, "target/edge-tests");

export function told(variable) {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: start this by \`make edge\``);
  return value;
}

const npm = createRequire(join(told("GATESPAN_NPM"), "package.json"));
export const { Miniflare, Log, LogLevel } = npm("miniflare");
/** The real programs, not the packages' scripts that start them: signals and process ids want these. */
export const WORKERD = npm("workerd").default;
export const WRANGLER = join(told("GATESPAN_NPM"), "node_modules/wrangler/bin/wrangler.js");

/** A built Worker: its modules, the main one first. */
export function bundle(folder) {
  const names = readdirSync(folder).filter((name) => /\.(js|wasm)$/.test(name));
  names.sort((a, b) => (b === "index.js") - (a === "index.js"));
  return names.map((name) => ({
    type: name.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
    path: name,
    contents: readFileSync(join(folder, name)),
  }));
}

/** What is shipped, and the same with the switch that makes it panic. */
export const SHIPPED = join(ROOT, process.env.GATESPAN_WORKER ?? "dist/worker");
export const HOOKED = join(ROOT, process.env.GATESPAN_WORKER_HOOKED ?? "target/worker-test");
export const BARE = join(ROOT, "tests/edge/bare");
export const TWIN = join(ROOT, "tests/edge/twin");

/** The runtime's age and flags, as they are deployed. */
export function compatibility() {
  const toml = readFileSync(join(ROOT, "edge/wrangler.toml"), "utf8");
  const flags = toml.match(/^compatibility_flags\s*=\s*\[(.*?)\]/ms)?.[1] ?? "";
  return {
    compatibilityDate: toml.match(/^compatibility_date\s*=\s*"(.*?)"/m)[1],
    compatibilityFlags: [...flags.matchAll(/"(.*?)"/g)].map((found) => found[1]),
  };
}
