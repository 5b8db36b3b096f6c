// What people do with it: `wrangler deploy` takes the configuration that is shipped, and the upload keeps to its budget.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { ROOT, SHIPPED, WRANGLER, bundle } from "./places.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";

/** Kilobytes of 1,024. */
const BUDGET = 210;

async function dryRun() {
  const out = mkdtempSync(join(tmpdir(), "gatespan-deploy-"));
  const { stdout } = await promisify(execFile)(process.execPath, [WRANGLER, "deploy", "--dry-run", "--outdir", out], {
    cwd: join(ROOT, "edge"),
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: out, CI: "true" },
    timeout: 60_000,
  });
  return { out, stdout };
}

test("wrangler takes edge/wrangler.toml, and the upload keeps to its budget", async (context) => {
  const { stdout } = await dryRun();
  const [, size, gzip] = stdout.match(/Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/);
  context.diagnostic(`upload ${size} KiB, ${gzip} KiB with gzip; the budget is ${BUDGET} KiB`);
  assert(Number(gzip) <= BUDGET, stdout);
});

proof("what wrangler would upload is what was tested, and runs", async (stage) => {
  const { out } = await dryRun();
  const sum = ({ contents }) => contents.toString("latin1");
  const wasm = (folder) =>
    bundle(folder)
      .filter(({ path }) => path.endsWith(".wasm"))
      .map(sum);
  assert.deepEqual(wasm(out), wasm(SHIPPED), readdirSync(out).join());
  const origin = await stage.origin();
  const { port } = await stage.worker({ config: {}, origin, folder: out });
  assert.equal((await send(port)).status, 200);
});

/** `wrangler dev` with the shipped configuration, no secret but those of this text, and another origin. */
async function dev(stage, origin, variables = "") {
  const home = mkdtempSync(join(tmpdir(), "gatespan-dev-"));
  const file = join(home, "dev.vars");
  writeFileSync(file, variables);
  const command = [process.execPath, WRANGLER, "dev", "--local", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0"];
  command.push("--show-interactive-dev-session=false", "--env-file", file, "--persist-to", home);
  if (origin) command.push("--var", `ORIGIN:${origin.url}`);
  const child = await stage.child("wrangler-dev", command, {
    cwd: join(ROOT, "edge"),
    env: {
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_LOG_PATH: home,
      WRANGLER_REGISTRY_PATH: join(home, "registry"),
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      CI: "true",
    },
  });
  const [, port] = await child.until(() => child.log.match(/Ready on http:\/\/127\.0\.0\.1:(\d+)/), 80);
  return { child, port: Number(port) };
}

proof("wrangler dev starts the shipped configuration without any secret, and forwards", async (stage) => {
  const origin = await stage.origin();
  const { child, port } = await dev(stage, origin);
  const answer = await send(port, { target: "/a?b=c", lines: ["x-case: dev"] });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json().target, "/a?b=c");
  assert.match(origin.of("dev")[0].one("traceparent"), /^00-/);
  assert.equal(answer.all("x-gatespan-trace-id").length, 1);
  const toml = readFileSync(join(ROOT, "edge/wrangler.toml"), "utf8");
  assert.match(toml, /^watch_dir = \["js", "src", "..\/src"\]$/m, "both halves of the Worker, and the core");
  const builds = () => child.log.split("Running: make -C .. worker").length;
  const before = builds();
  utimesSync(join(ROOT, "edge/js/index.js"), new Date(), new Date());
  await child.until(() => builds() > before, 30);
});

proof("wrangler dev takes the example of .dev.vars", async (stage) => {
  const example = readFileSync(join(ROOT, "edge/.dev.vars.example"), "utf8");
  const origin = await stage.origin();
  const { port } = await dev(stage, undefined, example.replace(/^ORIGIN=.*$/m, `ORIGIN="${origin.url}"`));
  assert.equal((await send(port)).status, 200);
  assert.equal(origin.arrived.length, 1);
  assert.match(readFileSync(join(ROOT, ".gitignore"), "utf8"), /^\/edge\/\.dev\.vars$/m);
});

test("nothing in the bundle names a place of the machine that built it", () => {
  for (const { path, contents } of bundle(SHIPPED)) {
    for (const place of [ROOT.replace(/\/$/, ""), process.env.HOME, "/rustc/", "/.cargo/"]) {
      assert(place.length < 3 || !contents.includes(place), `${path} holds ${place}`);
    }
  }
});

test("the documents beside it name every variable that the Worker reads", () => {
  const documents = ["README.md", "wrangler.toml"].map((name) => readFileSync(join(ROOT, "edge", name), "utf8")).join("\n");
  const sources = ["src", "js"].flatMap((folder) => {
    const place = join(ROOT, "edge", folder);
    return readdirSync(place).map((name) => readFileSync(join(place, name), "utf8"));
  });
  const variables = new Set(sources.join("\n").match(/\bGATESPAN_[A-Z_]+\b|\bORIGINS?\b/g));
  assert(variables.size >= 5, [...variables].join());
  for (const name of variables) assert(new RegExp(`\\b${name}\\b`).test(documents), name);
});
