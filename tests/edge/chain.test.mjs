// The Worker among others: applications of the Opik SDK, an Envoy, a second Worker. They make one tree.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT, told } from "./places.mjs";
import { answers, free } from "./ports.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { gateway, opik } from "./worker.mjs";

const SERVICES = join(ROOT, "tests/e2e/services");
const PROJECT = "edge";
const QUICK = { interval_ms: 100 };

/** What the SDK reads. */
const sdk = (collector) => ({
  OPIK_URL_OVERRIDE: `${collector.url}/api/`,
  OPIK_PROJECT_NAME: PROJECT,
  OPIK_WORKSPACE: "default",
  OPIK_SENTRY_ENABLE: "False",
  OPIK_ANALYTICS_ENABLE: "False",
});

const SERVERS = {
  asgi: (port) => ["uvicorn", "asgi:app", "--host", "127.0.0.1", "--port", port, "--log-level", "warning"],
  wsgi: (port) => ["gunicorn", "wsgi:app", "--bind", `127.0.0.1:${port}`, "--threads", "4", "--log-level", "warning"],
};

async function application(stage, collector, kind = "asgi") {
  const port = await free();
  const command = [told("GATESPAN_PYTHON"), "-m", ...SERVERS[kind](port)];
  const server = await stage.child(kind, command, { env: sdk(collector), cwd: SERVICES });
  await server.until(() => answers(port), 60);
  return port;
}

/** Starts a caller of the SDK; what it says of itself and of what it was answered. */
async function caller(collector, port, path) {
  const { stdout } = await promisify(execFile)(
    told("GATESPAN_PYTHON"),
    [join(SERVICES, "caller.py"), `http://127.0.0.1:${port}${path}`],
    { env: { ...process.env, ...sdk(collector) }, timeout: 60_000 },
  );
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

const only = (list) => {
  assert.equal(list.length, 1, JSON.stringify(list, null, 1));
  return list[0];
};

/** The spans from the root down, each the only child of the one before. */
function path(tree) {
  const spans = [];
  for (let level = tree.spans; level?.length; level = spans.at(-1).children) spans.push(only(level));
  return spans;
}

for (const [kind, style] of [
  ["asgi", "argument"],
  ["asgi", "context"],
  ["wsgi", "context"],
]) {
  proof(`caller, edge and application (${kind}, ${style}) are one tree`, async (stage) => {
    const collector = await stage.collector();
    const app = await application(stage, collector, kind);
    const config = { backend: opik(collector), export: QUICK };
    const { port } = await stage.worker({ config, origin: `http://127.0.0.1:${app}` });
    const { sent, answered } = await caller(collector, port, `/${style}`);
    const trace = sent.opik_trace_id;
    assert.equal(answered.headers.opik_trace_id, trace);
    assert(await collector.wait({ traces: 1, spans: 4, trace }), JSON.stringify(await collector.tree(trace), null, 1));
    const spans = path(await collector.tree(trace));
    assert.deepEqual(
      spans.map(({ name }) => name),
      ["caller", `GET /${style}`, "answer", "inner"],
    );
    assert.equal(spans[1].id, answered.headers.opik_parent_span_id);
    assert.deepEqual(
      (await collector.traces()).map(({ name }) => name),
      ["caller"],
      "one row, which the caller wrote",
    );
    assert.deepEqual(await collector.refused(), []);
  });
}

proof("a caller without a trace gets one, and the application's spans hang below the edge's", async (stage) => {
  const collector = await stage.collector();
  const app = await application(stage, collector);
  const config = { backend: opik(collector), export: QUICK };
  const { port } = await stage.worker({ config, origin: `http://127.0.0.1:${app}` });
  const { headers } = (await send(port, { target: "/context" })).json();
  const trace = headers.opik_trace_id;
  assert(await collector.wait({ traces: 1, spans: 3, trace }));
  assert.deepEqual(
    path(await collector.tree(trace)).map(({ name }) => name),
    ["GET /context", "answer", "inner"],
  );
  assert.deepEqual(
    (await collector.traces()).map(({ name }) => name),
    ["GET /context"],
  );
});

/** A gateway's span says its service nowhere, so the ids on the way tell who is who. */
async function twoGateways(collector, arrived) {
  const trace = arrived.one("opik_trace_id");
  assert(await collector.wait({ traces: 1, spans: 2, trace }), JSON.stringify(await collector.tree(trace), null, 1));
  const spans = path(await collector.tree(trace));
  assert.equal(spans.length, 2);
  assert.equal(spans[1].id, arrived.one("opik_parent_span_id"), "the inner one is who the application answers to");
  // Law 7a: OpenTelemetry receives neither span, so that its parent stays the one that the outer gateway made.
  assert.equal(
    arrived.one("traceparent"),
    `00-${trace.replaceAll("-", "")}-${spans[0].id.slice(19).replace("-", "")}-03`,
  );
  only(await collector.traces());
  assert.deepEqual(await collector.refused(), []);
}

proof("the edge in front of Envoy: one tree with two gateways", async (stage) => {
  const collector = await stage.collector();
  const origin = await stage.origin();
  const backends = [opik(collector, { cluster: "opik" })];
  const envoy = await stage.envoy({
    config: { backends, export: QUICK },
    app: origin.port,
    sink: collector.url.split(":").at(-1) * 1,
  });
  const { port } = await stage.worker({
    config: { backends, export: QUICK },
    origin: `http://127.0.0.1:${envoy.port}`,
  });
  await send(port, { lines: ["x-case: chain"] });
  await twoGateways(collector, only(origin.of("chain")));
});

proof("Envoy in front of the edge: one tree with two gateways", async (stage) => {
  const collector = await stage.collector();
  const origin = await stage.origin();
  const backends = [opik(collector, { cluster: "opik" })];
  const { port } = await stage.worker({ config: { backends, export: QUICK }, origin });
  const envoy = await stage.envoy({
    config: { backends, export: QUICK },
    app: port,
    sink: collector.url.split(":").at(-1) * 1,
  });
  await send(envoy.port, { lines: ["x-case: chain"] });
  await twoGateways(collector, only(origin.of("chain")));
});

proof("a service binding carries the headers on, and the Worker behind continues the trace", async (stage) => {
  const collector = await stage.collector();
  const origin = await stage.origin();
  const config = { backend: opik(collector), export: QUICK };
  const front = gateway({ name: "front", config, serviceBindings: { ORIGIN: "behind" } });
  const behind = gateway({ name: "behind", config, origin: origin.url });
  const { ports } = await stage.workers([front, behind]);
  await send(ports.front, { lines: ["x-case: chain"], target: "/a?b=c" });
  assert.equal(only(origin.of("chain")).target, "/a?b=c");
  await twoGateways(collector, only(origin.of("chain")));
});

/** Requests that are refused, each for another reason. */
const REFUSED = {
  missing: [{ rule: { missing: "reject", require: ["opik", "w3c"] } }, []],
  invalid: [{ rule: { invalid: "reject" } }, ["traceparent: garbage"]],
  conflict: [
    { formats: { extract: ["w3c", "b3"] }, rule: { conflict: "reject" } },
    [
      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
    ],
  ],
  untrusted: [{ rule: { trust: { cidr: ["10.0.0.0/8"] }, untrusted: "reject" } }, []],
};

for (const [fault, [config, lines]] of Object.entries(REFUSED)) {
  proof(`a refusal (${fault}) is, byte for byte, that of Envoy`, async (stage) => {
    const origin = await stage.origin();
    const envoy = await stage.envoy({ config, app: origin.port, sink: origin.port });
    const { port } = await stage.worker({ config, origin });
    const calls = ["grpc", "grpc-web", "grpc-web+proto", "grpc-web-text"];
    for (const more of [[], ...calls.map((call) => [`content-type: application/${call}`])]) {
      const [theirs, ours] = await Promise.all(
        [envoy.port, port].map((to) => send(to, { lines: [...lines, ...more] })),
      );
      const seen = (answer) => ({
        status: answer.status,
        body: answer.text,
        ...Object.fromEntries(["content-type", "grpc-status", "grpc-message"].map((name) => [name, answer.all(name)])),
      });
      assert.deepEqual(seen(ours), seen(theirs));
      if (!more.length) assert.equal(ours.json().fault, fault);
    }
    assert.equal(origin.arrived.length, 0, "a refused request makes no upstream call");
  });
}
