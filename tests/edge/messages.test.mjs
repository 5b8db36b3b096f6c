// A trace that goes through a Queue: the shipped example, as it is, on both sides of a real Queue of Miniflare's.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./child.mjs";
import { ROOT, compatibility } from "./places.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { gateway, opik } from "./worker.mjs";

const JOBS = "jobs";
const QUICK = { interval_ms: 50 };

const module = (type, path) => ({ type, path: `/${path}`, contents: readFileSync(join(ROOT, path)) });
const MESSAGES = [
  module("ESModule", "dist/messages/messages.js"),
  module("CompiledWasm", "dist/messages/index_bg.wasm"),
];

/** The example, or another main module in its place. */
function later({ next, config, main = module("ESModule", "edge/examples/queue/worker.js"), name = "later" }) {
  return {
    name,
    modules: [main, ...MESSAGES],
    modulesRoot: "/",
    ...compatibility(),
    bindings: { NEXT: next, ...(config ? { GATESPAN_CONFIG: config } : {}) },
    queueProducers: { JOBS: { queueName: JOBS } },
    queueConsumers: { [JOBS]: { maxBatchSize: 5, maxBatchTimeout: 0.1, retryDelay: 0 } },
  };
}

/** The calls that were made on behalf of messages. */
const made = (origin, count) => until(() => origin.arrived.length >= count && origin.arrived, "the consumer's call");

proof("a request, its message, and the call that is made for it later are one tree", async (stage) => {
  const collector = await stage.collector();
  const origin = await stage.origin();
  const config = { backend: opik(collector), export: QUICK };
  // caller > front > (later, Queue, later) > behind > origin
  const behind = await stage.workers([gateway({ name: "behind", config, origin: origin.url })]);
  const front = gateway({ name: "front", config, serviceBindings: { ORIGIN: "later" } });
  const { port } = await stage.workers([front, later({ next: `http://127.0.0.1:${behind.port}/work` })]);
  const answer = await send(port, { method: "POST", body: "some work" });
  assert.equal(answer.status, 202);

  const [arrived] = await made(origin, 1);
  const trace = arrived.one("opik_trace_id");
  assert(await collector.wait({ traces: 1, spans: 2, trace }), JSON.stringify(await collector.tree(trace), null, 1));
  const [first, ...others] = (await collector.tree(trace)).spans;
  assert.deepEqual([others.length, first.name, first.children.length], [0, "POST /", 1]);
  assert.equal(first.children[0].name, "POST /work");
  assert.equal(first.children[0].id, arrived.one("opik_parent_span_id"));
  assert.equal((await collector.traces()).length, 1);
  assert.deepEqual(await collector.refused(), []);
});

proof("the ids go along under the names that they have in requests", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.workers([later({ next: origin.url })]);
  const lines = [
    "opik_trace_id: 019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814",
    "opik_parent_span_id: 019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "tracestate: vendor=1",
  ];
  await send(port, { method: "POST", body: "x", lines: [...lines, "authorization: Bearer mine", "cookie: a=b"] });
  const [arrived] = await made(origin, 1);
  for (const line of lines) assert(arrived.lines().includes(line), `${line}\n${arrived.lines().join("\n")}`);
  for (const name of ["authorization", "cookie"]) assert.deepEqual(arrived.all(name), [], "only the trace goes along");
});

proof("formats are those of the configuration", async (stage) => {
  const origin = await stage.origin();
  const config = { formats: { extract: ["w3c"], inject: ["b3"] } };
  const { port } = await stage.workers([later({ next: origin.url, config })]);
  const traceparent = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  await send(port, { method: "POST", body: "x", lines: [traceparent] });
  const [arrived] = await made(origin, 1);
  assert.equal(arrived.one("b3"), "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1");
});

proof("a message without a trace begins one, each its own", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.workers([later({ next: origin.url })]);
  for (let number = 0; number < 3; number++) await send(port, { method: "POST", body: "x" });
  const parents = (await made(origin, 3)).map((one) => one.one("traceparent"));
  for (const parent of parents) assert.match(parent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
  assert.equal(new Set(parents).size, 3);
});

/** Puts whatever it is sent on the Queue, as somebody would who is not Gatespan. */
const CARELESS = `
  export default {
    async fetch(request, env) {
      await env.JOBS.send(await request.json());
      return new Response();
    },
  };`;

const CARRIERS = {
  "with malformed ids": { opik_trace_id: "not-a-uuid", opik_parent_span_id: "x", traceparent: "garbage", b3: "-" },
  "with what is none of ours": { authorization: "Bearer x", "x-foo": "y", "content-length": "7" },
  "with values that are no texts": { traceparent: 7, opik_trace_id: null, b3: ["0"], tracestate: { a: 1 } },
  "with line breaks": { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\nx-foo: y", "a\nb": "c" },
  "without headers": undefined,
};

for (const [what, headers] of Object.entries(CARRIERS)) {
  proof(`a message ${what} does no harm`, async (stage) => {
    const origin = await stage.origin();
    const careless = {
      name: "careless",
      modules: true,
      script: CARELESS,
      ...compatibility(),
      queueProducers: { JOBS: { queueName: JOBS } },
    };
    const { ports } = await stage.workers([careless, later({ next: origin.url })]);
    await send(ports.careless, { method: "POST", body: JSON.stringify({ headers, work: "some work" }) });
    const [arrived] = await made(origin, 1);
    assert.equal(arrived.bytes, "some work".length);
    assert.match(arrived.one("traceparent"), /^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/, "a new trace in its place");
    for (const name of ["opik_trace_id", "opik_parent_span_id", "b3", "authorization", "x-foo", "tracestate"]) {
      assert.deepEqual(arrived.all(name), [], name);
    }
  });
}

/** Shows what `messages`, `inject` and `extract` throw. */
const CATCHING = `
  import { messages } from "./dist/messages/messages.js";
  const thrown = (call) => {
    try {
      return { returned: call() };
    } catch (error) {
      const { name, message, stack } = error;
      return { isError: error instanceof Error, name, message, hasStack: typeof stack === "string" };
    }
  };
  export default {
    fetch(request, env) {
      const made = thrown(() => messages(env));
      if (!made.returned) return Response.json([made, thrown(() => messages(env))]);
      const { inject, extract } = made.returned;
      return Response.json([thrown(() => inject(new Headers())), thrown(() => extract({ traceparent: "garbage" }))]);
    },
  };`;

const thrown = (name, message) => ({ isError: true, name, message, hasStack: true });

for (const [what, config, errors] of [
  [
    "a faulty configuration",
    { rule: { untold: 1, missing: "mnt" } },
    Array(2).fill(
      thrown(
        "ConfigError",
        'GATESPAN_CONFIG is faulty: rule: unknown key "untold"\nrule.missing: unknown value "mnt", expected mint, reject or pass',
      ),
    ),
  ],
  [
    "headers that the rule rejects",
    { rule: { missing: "reject", invalid: "reject", require: ["w3c"] } },
    ["missing: send traceparent", "invalid: traceparent"].map((detail) =>
      thrown("TraceContextError", `cannot carry the trace: ${detail}`),
    ),
  ],
]) {
  proof(`an Error with a name and a message is thrown for ${what}`, async (stage) => {
    const main = { type: "ESModule", path: "/main.js", contents: CATCHING };
    const { port } = await stage.workers([later({ next: "http://a.test", config, main })]);
    const found = (await send(port)).json();
    for (const [at, error] of errors.entries()) {
      const { message, ...rest } = found[at];
      assert.deepEqual({ ...rest, message: message?.slice(0, error.message.length) }, error, JSON.stringify(found));
    }
  });
}
