// The configuration at the edge: faults, secrets, trust, what callers may see.

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./child.mjs";
import { SHIPPED } from "./places.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { PEER, WATCHED, counters, opik, status } from "./worker.mjs";

const FAULTY = { routes: [{}, { match: { path: "/a" }, missing: "mnt" }], rule: { untold: 1 } };
const FAULTS = ['routes[1].missing: unknown value "mnt"', 'rule: unknown key "untold"'];

proof("a faulty configuration answers 500 to everything, and the log says why, a line each", async (stage) => {
  const origin = await stage.origin();
  const workers = await stage.worker({ config: FAULTY, origin });
  for (const target of ["/", "/a", "/healthz"]) {
    const answer = await send(workers.port, { target });
    assert.equal(answer.status, 500);
    assert.equal(answer.json().fault, "config");
    for (const fault of FAULTS) assert(!answer.text.includes(fault), answer.text);
  }
  assert.equal(origin.arrived.length, 0);
  for (const fault of FAULTS)
    await until(
      () => workers.output.includes(fault),
      `${fault} in the log`,
      10,
      () => workers.output,
    );
  const told = workers.output.split("\n").filter((line) => line.includes(FAULTS[0]));
  assert.equal(told.length, 1, "once for an isolate");
});

proof("in development the answer says why", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ config: FAULTY, origin, bindings: { GATESPAN_ENV: "development" } });
  const answer = await send(port);
  assert.equal(answer.status, 500);
  // Quotes are escaped in JSON.
  for (const fault of FAULTS) assert(answer.json().detail.includes(fault), answer.text);
});

for (const [what, config] of Object.entries({
  "that is no JSON": "{ not JSON",
  "that is a list": [],
  "with a backend that would misread it": {
    backend: { kind: "otlp", url: "http://opik.test/api/v1/private/otel", encoding: "json" },
  },
})) {
  proof(`a configuration ${what} is faulty`, async (stage) => {
    const origin = await stage.origin();
    const { port } = await stage.worker({ config, origin });
    assert.equal((await send(port)).status, 500);
    assert.equal(origin.arrived.length, 0);
  });
}

proof("traffic passes untouched where somebody has said that it may", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ config: FAULTY, origin, bindings: { GATESPAN_ON_CONFIG_ERROR: "pass" } });
  const answer = await send(port, {
    lines: ["x-case: pass", "traceparent: garbage", "opik_trace_id: x"],
    target: "/b?c",
  });
  assert.equal(answer.status, 200);
  const [arrived] = origin.of("pass");
  assert.equal(arrived.target, "/b?c");
  assert.equal(arrived.one("traceparent"), "garbage");
  assert.equal(arrived.one("opik_trace_id"), "x");
  assert.deepEqual(answer.all("x-gatespan-trace-id"), []);
});

proof("a module that fails is no faulty configuration: then nothing passes", async (stage) => {
  const folder = mkdtempSync(join(tmpdir(), "gatespan-hollow-"));
  copyFileSync(join(SHIPPED, "index.js"), join(folder, "index.js"));
  // A module with nothing in it.
  writeFileSync(join(folder, "index_bg.wasm"), Buffer.from("0061736d01000000", "hex"));
  const origin = await stage.origin();
  const config = { rule: { missing: "reject" } };
  const { port } = await stage.worker({ config, origin, folder, bindings: { GATESPAN_ON_CONFIG_ERROR: "pass" } });
  assert.equal((await send(port)).status, 500);
  assert.equal(origin.arrived.length, 0);
});

proof("the document may be text or JSON", async (stage) => {
  const origin = await stage.origin();
  const document = { rule: { missing: "reject" } };
  const ports = [];
  for (const config of [document, JSON.stringify(document)]) ports.push((await stage.worker({ config, origin })).port);
  const answers = await Promise.all(ports.map((port) => send(port)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [400, 400],
  );
  assert.equal(answers[0].text, answers[1].text);
});

proof("an empty document forwards, and mints for OpenTelemetry", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ config: {}, origin });
  await send(port, { lines: ["x-case: empty"] });
  assert.match(origin.of("empty")[0].one("traceparent"), /^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
});

proof("no origin is a fault of the configuration", async (stage) => {
  const { port } = await stage.worker({ config: {} });
  assert.equal((await send(port)).status, 500);
});

proof("a rule by path is about the path that the origin gets, by whatever detour it is asked for", async (stage) => {
  const origin = await stage.origin();
  const place = `${origin.url}/base`;
  const routes = [{ match: { path: "/admin" }, missing: "reject" }];
  const { port } = await stage.worker({ config: { routes }, origin: place });
  for (const target of ["/admin", "/x/../admin", "/x/%2e%2E/admin", "/./admin", "/x\\..\\admin", "/../admin", "/admin?a#b"])
    assert.equal((await send(port, { target })).status, 400, target);
  assert.equal(origin.arrived.length, 0);
  // Nor does a detour lead out of the path of the origin.
  assert.equal((await send(port, { target: "/../../secret" })).json().target, "/base/secret");
});

proof("a rule by host is about the host that a URL means", async (stage) => {
  const origin = await stage.origin();
  const routes = [{ match: { host: "a.test" }, missing: "reject" }];
  const { port } = await stage.worker({ config: { routes }, origin });
  for (const host of ["a.test", "A.TEST", "a.test:81", "a%2etest", "a.test#", "a.test\\x"])
    assert.equal((await send(port, { host })).status, 400, host);
  assert.equal(origin.arrived.length, 0);
  // One that means nothing goes nowhere.
  assert.equal((await send(port, { host: "a b" })).status, 400);
  assert.equal((await send(port, { host: "b.test" })).status, 200);
});

proof("trust is for the address that the platform tells, and for no other", async (stage) => {
  const origin = await stage.origin();
  const config = { rule: { trust: { cidr: ["10.0.0.0/8"] }, untrusted: "reject" } };
  const { port } = await stage.worker({ config, origin });
  for (const [lines, status] of [
    [[`${PEER}: 10.1.2.3`], 200],
    [[`${PEER}: 203.0.113.9`], 400],
    [[`${PEER}: 203.0.113.9`, "x-forwarded-for: 10.1.2.3", "x-real-ip: 10.1.2.3", "true-client-ip: 10.1.2.3"], 400],
    [[`${PEER}: 10.1.2.3, 203.0.113.9`], 400],
    [[`${PEER}: nonsense`], 400],
    [[], 400],
  ]) {
    assert.equal((await send(port, { lines })).status, status, lines.join());
  }
});

proof("the trace id is shown where the rule says so, errors included, and never on a refusal", async (stage) => {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = {
    backend: opik(collector),
    rule: { expose: true },
    routes: [
      { match: { path: "/quiet" }, expose: false },
      { match: { path: "/strict" }, missing: "reject" },
    ],
    export: { interval_ms: 50 },
  };
  const { port } = await stage.worker({ config, origin });
  for (const [target, app, shown] of [
    ["/", "echo", 1],
    ["/", "status=500", 1],
    ["/", "reset", 1],
    ["/quiet", "echo", 0],
    ["/strict", "echo", 0],
  ]) {
    const answer = await send(port, { target, lines: [`x-app: ${app}`, `x-case: ${target}-${app}`] });
    const exposed = answer.all("x-gatespan-trace-id");
    assert.equal(exposed.length, shown, `${target} ${app}`);
    if (shown) assert.equal(exposed[0], origin.of(`${target}-${app}`)[0].one("opik_trace_id"));
  }
});

proof("a response header by another name", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ config: { rule: { expose: true }, response: { header: "x-trace" } }, origin });
  const answer = await send(port, { lines: ["traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] });
  assert.deepEqual(answer.all("x-trace"), ["4bf92f3577b34da6a3ce929d0e0e4736"]);
});

proof("counters are for those who show the secret", async (stage) => {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = { backend: opik(collector), export: { interval_ms: 50 } };
  const { port } = await stage.worker({ config, origin, bindings: WATCHED });
  await send(port);
  for (const lines of [
    [],
    ["authorization: Bearer wrong"],
    ["authorization: Bearer "],
    ["authorization: Bearer a secret of the test"],
  ]) {
    const answer = await status(port, lines);
    assert(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
    assert(!answer.text.includes("spans"), answer.text);
  }
  const counted = await counters(port);
  assert.equal(counted["requests.decision.minted"], 1, "and looking is no request of the origin's");
  assert.equal(origin.arrived.length, 1);
});

proof("without its variables there is no status route", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ config: {}, origin });
  const answer = await status(port);
  assert.equal(answer.json().method, "GET", "it is the origin that answers");
});

proof("ids differ, between requests and between isolates", async (stage) => {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = { backend: opik(collector), export: { interval_ms: 50 } };
  // What is made in global scope the runtime refuses, or it would be alike here.
  for (const name of ["one", "two"]) {
    const { port } = await stage.worker({ name, config, origin });
    await Promise.all(Array.from({ length: 100 }, () => send(port)));
  }
  for (const name of ["opik_trace_id", "opik_parent_span_id"]) {
    const ids = origin.arrived.map((one) => one.one(name));
    assert.equal(new Set(ids).size, 200, name);
    // Not the time alone: what is random in an id is.
    assert.equal(new Set(ids.map((id) => id.slice(19))).size, 200, name);
  }
  assert(await collector.wait({ spans: 200 }));
  assert.deepEqual(await collector.refused(), []);
});

proof("several origins: the first that fits, and its path is put before", async (stage) => {
  const [chat, rest] = [await stage.origin(), await stage.origin()];
  const ORIGINS = [
    { path_prefix: "/v1/", origin: `${chat.url}/base/`, name: "chat" },
    { host: "*.example.com", origin: rest.url },
  ];
  const { port } = await stage.worker({ config: {}, bindings: { ORIGINS } });
  assert.equal((await send(port, { target: "/v1/x?y" })).json().target, "/base/v1/x?y");
  assert.equal((await send(port, { target: "/docs", host: "a.example.com" })).json().target, "/docs");
  const nowhere = await send(port, { target: "/docs", host: "elsewhere.test" });
  assert.equal(nowhere.status, 404);
  assert.deepEqual([chat.arrived.length, rest.arrived.length], [1, 1]);
});
