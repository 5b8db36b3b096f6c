// The configurations for the Worker on docs/browsers-and-health-checks.md, read from the page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, compatibility } from "./places.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { WATCHED, counters, gateway, opik, settled } from "./worker.mjs";

const PAGE = readFileSync(join(ROOT, "docs/browsers-and-health-checks.md"), "utf8");
const block = (language) => PAGE.match(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms"))[1];
const DOCUMENT = JSON.parse(block("json"));

const TRACED = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const APP = "https://app.example.com";
const ORIGIN = `origin: ${APP}`;
const PREFLIGHT = [ORIGIN, "access-control-request-method: POST", "access-control-request-headers: traceparent"];
const ALLOW = "access-control-allow-origin";
const UNRECORDED = "requests.unrecorded.reason";

/** Gatespan with the document of the page. */
async function served(stage) {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = { ...DOCUMENT, backend: opik(collector), export: { interval_ms: 50 } };
  const one = gateway({ config, origin: origin.url, bindings: WATCHED });
  return { origin, collector, one };
}

proof("a preflight reaches an origin that answers it, and is not recorded", async (stage) => {
  const { origin, one } = await served(stage);
  const { port } = await stage.workers([one]);
  const answer = await send(port, { method: "OPTIONS", lines: [...PREFLIGHT, "x-case: preflight", "x-app: cors"] });
  assert.equal(answer.status, 204, answer.text);
  assert.deepEqual(answer.all(ALLOW), [APP]);
  assert.deepEqual(origin.of("preflight")[0].all("traceparent"), []);
  const rejected = await send(port, { lines: [ORIGIN, "x-app: cors"] });
  assert.deepEqual([rejected.status, rejected.all(ALLOW)], [400, []]);
  const counted = await counters(port);
  assert.deepEqual([counted[`${UNRECORDED}.preflight`], counted["spans.recorded"]], [1, 0]);
});

proof("HTTP and gRPC health checks pass and are not recorded", async (stage) => {
  const { origin, one } = await served(stage);
  const { port } = await stage.workers([one]);
  const grpc = { method: "POST", lines: ["content-type: application/grpc", "x-case: grpc"] };
  assert.equal((await send(port, { target: "/healthz", lines: ["x-case: http"] })).status, 200);
  assert.equal((await send(port, { ...grpc, target: "/grpc.health.v1.Health/Check" })).status, 200);
  for (const name of ["http", "grpc"]) assert.deepEqual(origin.of(name)[0].all("traceparent"), []);
  const rejected = await send(port, { ...grpc, target: "/test.Echo/echo" });
  assert.deepEqual(rejected.all("grpc-status"), ["3"]);
  const counted = await counters(port);
  assert.deepEqual([counted[`${UNRECORDED}.rule`], counted["spans.recorded"]], [2, 0]);
});

proof("with the Worker of the page in front a script reads rejections and the trace id", async (stage) => {
  const { origin, collector, one } = await served(stage);
  const front = {
    name: "front",
    modules: true,
    script: block("js"),
    ...compatibility(),
    serviceBindings: { GATEWAY: one.name },
  };
  const { ports } = await stage.workers([front, one]);
  const port = ports.front;

  const preflight = await send(port, { method: "OPTIONS", lines: [...PREFLIGHT, "x-case: preflight"] });
  assert.deepEqual([preflight.status, preflight.all(ALLOW)], [204, [APP]]);
  assert.match(preflight.all("access-control-allow-headers")[0], /\btraceparent\b.*\bopik_trace_id\b/);
  assert.deepEqual(origin.of("preflight"), []);

  const rejected = await send(port, { lines: [ORIGIN] });
  assert.deepEqual([rejected.status, rejected.json().fault, rejected.all(ALLOW)], [400, "missing", [APP]]);

  const answer = await send(port, { method: "POST", body: "work", lines: [ORIGIN, TRACED, "x-case: work"] });
  assert.deepEqual([answer.status, answer.all(ALLOW)], [200, [APP]]);
  assert.equal(answer.all("access-control-expose-headers")[0], "x-gatespan-trace-id");
  assert.equal(origin.of("work")[0].bytes, "work".length);
  await settled(ports[one.name], 1);
  assert.equal((await collector.spans())[0].trace_id, answer.all("x-gatespan-trace-id")[0]);

  const stranger = await send(port, { lines: ["origin: https://evil.example", TRACED] });
  assert.deepEqual([stranger.status, stranger.all(ALLOW)], [200, []]);
});
