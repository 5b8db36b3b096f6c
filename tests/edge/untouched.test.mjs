// What passes as through a Worker that looks at nothing.

import assert from "node:assert/strict";
import { BARE } from "./places.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { opik } from "./worker.mjs";

/** Two lines of one header, and one line that looks as if two had been joined. */
const twice = (name, one, other) => [`${name}: ${one}`, `${name}: ${other}`, `${name}: ${one}, ${other}`];
const LINES = [
  ...twice("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-zz"),
  ...twice("tracestate", "a=1,b=2", "c=3"),
  ...twice("b3", "0", "1"),
  ...twice("x-b3-traceid", "4bf92f3577b34da6a3ce929d0e0e4736", "0"),
  ...twice("baggage", "a=1", "b=2"),
  ...twice("opik_trace_id", "0190f0c4-1d2e-7a3b-8c4d-5e6f70819203", "0"),
  ...twice("x-kind", "a", "b"),
];

proof("repeated headers pass a route with inbound: off as separate lines", async (stage) => {
  const origin = await stage.origin();
  const off = { match: { path: "/" }, inbound: "off" };
  const routes = [{ match: { header: { name: "x-kind", value: "c" } }, inbound: "join" }, off];
  const faulty = { ORIGIN: origin.url, GATESPAN_ON_CONFIG_ERROR: "pass" };
  const workers = {
    bare: await stage.worker({ folder: BARE, origin }),
    off: await stage.worker({ config: { routes }, origin }),
    faulty: await stage.worker({ config: "{", bindings: faulty }),
  };
  const arrived = {};
  for (const [name, { port }] of Object.entries(workers)) {
    assert.equal((await send(port, { lines: [...LINES, `x-case: ${name}`] })).status, 200, name);
    arrived[name] = origin.of(name)[0].lines().filter((line) => !line.startsWith("x-case"));
  }
  const isSent = (line) => arrived.bare.includes(line);
  assert(LINES.every(isSent), `the platform keeps the lines apart: ${arrived.bare.join("\n")}`);
  assert.deepEqual(arrived.off, arrived.bare);
  assert.deepEqual(arrived.faulty, arrived.bare);
});

const GENAI = { genai: "metadata", genai_api: "openai" };
const RULES = { recorded: {}, exposed: { expose: true }, genai: GENAI, unrecorded: { record: false, expose: true } };

proof("a status above 599 passes, and its span ends", async (stage) => {
  const [origin, collector] = [await stage.origin(), await stage.collector()];
  const routes = Object.entries(RULES).map(([name, rule]) => ({ match: { path_prefix: `/${name}/` }, ...rule }));
  const config = { backend: opik(collector), routes, span: { headers: ["x-case"] }, export: { interval_ms: 50 } };
  const { port } = await stage.worker({ config, origin });
  const wanted = {};
  for (const status of [599, 600, 700, 999]) {
    for (const rule of Object.keys(RULES)) {
      for (const method of ["GET", "POST", "HEAD"]) {
        const name = `${rule}: ${method} ${status}`;
        const lines = [`x-app: status=${status}`, `x-case: ${name}`, "content-type: application/json"];
        const asked = { method, target: `/${rule}/v1/chat/completions`, lines, body: method === "POST" ? "{}" : undefined };
        const [passed, direct] = [await send(port, asked), await send(origin.port, asked)];
        for (const part of ["status", "text", "cut"]) assert.equal(passed[part], direct[part], `${name}: ${part}`);
        if (rule !== "unrecorded") wanted[name] = ["complete", status];
      }
    }
  }
  await collector.wait({ spans: Object.keys(wanted).length });
  const ends = (await collector.spans()).map(({ metadata: found }) => [
    found["http.request.header.x-case"],
    [found["gatespan.end"], found["http.response.status_code"]],
  ]);
  assert.deepEqual(Object.fromEntries(ends), wanted);
});
