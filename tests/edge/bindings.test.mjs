// The Worker between other Workers: one in front of it and one behind it, by service bindings. What they send is what a bare
// proxy in the same place would pass on.

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { compatibility } from "./places.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { gateway, opik } from "./worker.mjs";

const script = (name, source, more = {}) => ({ name, modules: true, script: source, ...compatibility(), ...more });

const PATH = "/v1/chat/completions";
const GENAI = { genai: "metadata", genai_api: "openai" };
const MCP = { genai: "metadata", genai_api: "mcp", mcp_parent: "meta" };
/** Each way of a body through the Worker. */
const RULES = { recorded: {}, exposed: { expose: true }, genai: GENAI, mcp: MCP, unrecorded: { record: false, expose: true } };

/** Requests for /RULE/… follow that rule. */
const routes = Object.entries(RULES).map(([name, rule]) => ({ match: { path_prefix: `/${name}/` }, ...rule }));
const configuration = (collector) => ({ backend: opik(collector), routes, export: { interval_ms: 50 } });

/** A page of the origin, as a Worker behind us changes it. The length in its headers stays that of the page. */
const PAGE = `<p>${"page ".repeat(20)}</p>`;
const REWRITTEN = {
  shorter: ["<p>short</p>", `new Response("<p>short</p>", page)`],
  longer: [PAGE + PAGE, `new Response(await page.text().then((text) => text + text), page)`],
  streamed: ["<p>stream</p>", `new Response(new Response("<p>stream</p>").body.pipeThrough(new TransformStream()), page)`],
  "shorter by HTMLRewriter": ["<p>-</p>", `new HTMLRewriter().on("p", { element: (p) => p.setInnerContent("-") }).transform(page)`],
  "longer by HTMLRewriter": [`${PAGE}${PAGE}`, `new HTMLRewriter().on("p", { element: (p) => p.after(${JSON.stringify(PAGE)}, { html: true }) }).transform(page)`],
  untouched: [PAGE, "page"],
  "compressed by the runtime": [PAGE, `new Response(PAGE, { headers: { ...GZIP, "content-length": 1 } })`],
  "compressed by the Worker": [
    PAGE,
    `new Response(page.body.pipeThrough(new CompressionStream("gzip")), { encodeBody: "manual", headers: { ...GZIP, "content-length": 1 } })`,
  ],
};

proof("a rewritten response of a service binding arrives whole, whatever length its headers have", async (stage) => {
  const collector = await stage.collector();
  const cases = Object.entries(REWRITTEN).map(([name, [, source]]) => `${JSON.stringify(name)}: async (page) => ${source}`);
  const behind = script(
    "behind",
    `const PAGE = ${JSON.stringify(PAGE)};
    const GZIP = { "content-encoding": "gzip" };
    const CASES = { ${cases.join(",\n")} };
    export default { fetch(request) {
      const page = new Response(PAGE, { headers: { "content-type": "text/html", "content-length": PAGE.length } });
      return CASES[request.headers.get("x-case")](page);
    } };`,
  );
  const front = gateway({ config: configuration(collector), serviceBindings: { ORIGIN: "behind" } });
  const { ports } = await stage.workers([front, behind]);
  let spans = 0;
  for (const rule of Object.keys(RULES)) {
    for (const [name, [body]] of Object.entries(REWRITTEN)) {
      for (const method of ["GET", "POST", "HEAD"]) {
        const row = `${rule}: ${method} ${name}`;
        const lines = [`x-case: ${name}`, "content-type: application/json", "accept-encoding: gzip"];
        const asked = { method, target: `/${rule}${PATH}`, lines, body: method === "POST" ? "{}" : undefined };
        const answer = await send(ports.gatespan, asked);
        const isPacked = answer.all("content-encoding").includes("gzip") && method !== "HEAD";
        assert.equal(isPacked, name.startsWith("compressed") && method !== "HEAD", row);
        const text = isPacked ? gunzipSync(answer.body).toString() : answer.text;
        assert.deepEqual([answer.status, answer.cut, text], [200, false, method === "HEAD" ? "" : body], row);
        // The length of a body that is handed over untouched is the one that the runtime knows.
        if (method !== "HEAD") {
          const isUntouched = rule === "unrecorded" && !isPacked && !/streamed|HTMLRewriter/.test(name);
          assert.deepEqual(answer.all("content-length"), isUntouched ? [`${body.length}`] : [], row);
        }
        if (rule !== "unrecorded") spans += 1;
      }
    }
  }
  assert(await collector.wait({ spans }), "a span for each");
  for (const { metadata } of await collector.spans()) assert.equal(metadata["gatespan.end"], "complete");
});

proof("a response of a URL keeps its length", async (stage) => {
  const [origin, collector] = [await stage.origin(), await stage.collector()];
  const { port } = await stage.worker({ config: configuration(collector), origin });
  for (const rule of Object.keys(RULES)) {
    for (const [app, length] of [["big=70000", "70000"], ["big=0", "0"]]) {
      const lines = [`x-app: ${app}`, "content-type: application/json"];
      const answer = await send(port, { method: "POST", target: `/${rule}${PATH}`, lines, body: "{}" });
      assert.deepEqual([answer.all("content-length"), answer.body.length], [[length], +length], `${rule}: ${app}`);
    }
  }
});

/** What a Worker in front of ours makes of a body that is a JSON document of 100 bytes, and whether its length is known. */
const BODIES = {
  untouched: ["request", true],
  shorter: [`new Request(request, { body: "{}" })`, true],
  longer: [`new Request(request, { body: await request.text().then((text) => text + " ".repeat(50_000)) })`, true],
  empty: [`new Request(request, { body: "" })`, true],
  streamed: [`new Request(request, { body: request.body.pipeThrough(new TransformStream()) })`, false],
};

proof("a rewritten request of a Worker that binds ours reaches the origin whole", async (stage) => {
  const [origin, collector] = [await stage.origin("digest"), await stage.collector()];
  const cases = Object.entries(BODIES).map(([name, [source]]) => `${name}: async (request) => ${source}`);
  const before = (name, more) =>
    script(
      name,
      `const CASES = { ${cases.join(",\n")} };
      export default { async fetch(request, { NEXT, ORIGIN }) {
        const made = await CASES[request.headers.get("x-case").split(" ")[0]](request);
        return NEXT ? NEXT.fetch(made) : fetch(ORIGIN + new URL(made.url).pathname, made);
      } };`,
      more,
    );
  const { ports } = await stage.workers([
    before("before", { serviceBindings: { NEXT: "gatespan" } }),
    before("bare", { bindings: { ORIGIN: origin.url } }),
    gateway({ config: configuration(collector), origin: origin.url }),
  ]);
  const params = { name: "weather", arguments: { text: "x".repeat(20) } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }).padEnd(100);
  for (const rule of Object.keys(RULES)) {
    for (const [name, [, isKnown]] of Object.entries(BODIES)) {
      const row = `${name} ${rule}`;
      const seen = {};
      for (const by of ["before", "bare"]) {
        const lines = [`x-case: ${row} ${by}`, "content-type: application/json"];
        const answer = await send(ports[by], { method: "POST", target: `/${rule}${PATH}`, lines, body });
        const [one, ...more] = origin.of(`${row} ${by}`);
        assert.deepEqual([answer.status, more], [200, []], row);
        seen[by] = [answer.text, one.bytes, one.all("content-length"), one.all("transfer-encoding")];
      }
      assert.deepEqual(seen.before, seen.bare, row);
      assert.equal(seen.bare[2].length, isKnown ? 1 : 0, row);
    }
  }
});

/** All that a Worker can read of a request. */
const READS = `async function read(request) {
  const names = new Set();
  for (let of = request; of !== Object.prototype; of = Object.getPrototypeOf(of)) {
    for (const name of Object.getOwnPropertyNames(of)) names.add(name);
  }
  const found = {};
  for (const name of [...names].sort()) {
    const value = request[name];
    if (name === "headers") found.headers = [...value];
    else if (name === "signal") found.signal = value.aborted;
    else if (name === "body") found.body = value && "a stream";
    else if (typeof value !== "function") found[name] = value ?? String(value);
  }
  return { ...found, text: await request.text() };
}`;
/** Headers that ours sets. */
const OURS = /^(traceparent|tracestate|opik[-_].*)$/;
const CF = { colo: "TST", tlsClientAuth: { certPresented: "0" }, botManagement: { score: 1 } };
/** What a Worker in front of ours gives a request; the runtime makes `cf` of each. */
const GIVEN = {
  nothing: {},
  cf: { cf: CF },
  "a time to live": { cf: { ...CF, cacheTtl: 5 } },
  "cache control": { cf: { ...CF, cacheControl: "max-age=5" } },
  "no-store": { cf: CF, cache: "no-store" },
  "no-cache": { cache: "no-cache" },
};

proof("a Worker behind ours reads the request that a bare proxy would pass on", async (stage) => {
  const collector = await stage.collector();
  const behind = script("behind", `${READS} export default { async fetch(request) {
    // In a header, because a response to HEAD has no body.
    return new Response(null, { headers: { "x-read": encodeURIComponent(JSON.stringify(await read(request))) } });
  } };`);
  const bare = script(
    "bare",
    `export default { fetch: (request, { ORIGIN }) => ORIGIN.fetch(new Request(request.url, request), { redirect: "manual" }) };`,
    { serviceBindings: { ORIGIN: "behind" } },
  );
  const before = script(
    "before",
    `const GIVEN = ${JSON.stringify(GIVEN)};
    export default { fetch(request, env) {
      const [next, given] = request.headers.get("x-case").split(": ");
      return env[next].fetch(new Request(request, { redirect: "follow", ...GIVEN[given] }));
    } };`,
    { serviceBindings: { OURS: "gatespan", BARE: "bare" } },
  );
  const ours = gateway({ config: configuration(collector), serviceBindings: { ORIGIN: "behind" } });
  const { ports } = await stage.workers([before, ours, bare, behind]);
  const asked = [["GET"], ["GET", "body"], ["HEAD"], ["POST", "{}"], ["POST", ""], ["PUT", "body"], ["DELETE"], ["OPTIONS"], ["QUERY", "{}"]];
  for (const rule of Object.keys(RULES)) {
    for (const [method, body] of asked) {
      for (const given of Object.keys(GIVEN)) {
        const row = `${rule}: ${method} with ${body}, given ${given}`;
        const seen = {};
        for (const next of ["OURS", "BARE"]) {
          const lines = [`x-case: ${next}: ${given}`, "content-type: application/json", "x-twice: a", "x-twice: b", "cookie: a=1"];
          const answer = await send(ports.before, { method, target: `/${rule}${PATH}?q=%20#f`, lines, body });
          assert.equal(answer.status, 200, row);
          seen[next] = JSON.parse(decodeURIComponent(answer.all("x-read")[0]));
          seen[next].headers = seen[next].headers.filter(([name]) => name !== "x-case" && !OURS.test(name));
        }
        assert.deepEqual(seen.OURS, seen.BARE, row);
        assert.equal(seen.BARE.cf.colo, GIVEN[given].cf?.colo, row);
      }
    }
  }
});
