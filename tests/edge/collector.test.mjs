// A collector in trouble: no caller fails or waits, and every span is accounted for.

import assert from "node:assert/strict";
import http from "node:http";
import { pipeline } from "node:stream/promises";
import { until } from "./child.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { WATCHED, counters, dropped, opik, settled } from "./worker.mjs";

const CALLERS = 30;
const QUICK = { interval_ms: 50, backoff_ms: 50, backoff_max_ms: 100, timeout_ms: 400, attempts: 4 };

async function watched(stage, { backend, ...settings } = {}, options = []) {
  const origin = await stage.origin();
  const collector = await stage.collector(...options);
  const config = { backend: opik(collector, backend), export: { ...QUICK, ...settings } };
  const { port } = await stage.worker({ config, origin, bindings: WATCHED });
  return { origin, collector, port };
}

async function call(port, count = CALLERS) {
  for (let number = 0; number < count; number++) assert.equal((await send(port, { target: `/${number}` })).status, 200);
}

/** Steps of trouble, after which the sink is well again; and the outcome that must have been counted. */
const PASSING = {
  "resets while it is sent to": [[{ kind: "reset", times: 3 }], "retry"],
  "resets inside its answer": [[{ kind: "reset_mid_body", times: 3 }], undefined],
  "429 with Opik's header": [[{ kind: "status", code: 429, headers: { "RateLimit-Reset": "1" }, times: 1 }], "retry"],
  "429 with the common header": [[{ kind: "status", code: 429, headers: { "Retry-After": "1" }, times: 1 }], "retry"],
  500: [[{ kind: "status", code: 500, times: 3 }], "retry"],
  503: [[{ kind: "status", code: 503, times: 2 }], "retry"],
  silent: [[{ kind: "silent", times: 2 }], "retry"],
  slow: [[{ kind: "slow", ms: 300, times: 5 }], "ok"],
  "10 MB as its answer": [[{ kind: "big_answer", bytes: 10_000_000, times: 2 }], "ok"],
  "10 MB as its refusal": [[{ kind: "big_answer", bytes: 10_000_000, code: 500, times: 2 }], "retry"],
  "400 for a batch that is good": [[{ kind: "status", code: 400, times: 1 }], "split"],
  413: [[{ kind: "status", code: 413, times: 1 }], "split"],
};

/** All spans in one batch, however slowly they come: one that is alone is refused for good. */
const TOGETHER = { batch_spans: CALLERS, interval_ms: 15_000 };

for (const [trouble, [steps, outcome]] of Object.entries(PASSING)) {
  proof(`trouble that passes: ${trouble}`, async (stage) => {
    const { collector, port } = await watched(stage, outcome === "split" ? TOGETHER : {});
    await collector.fault(...steps);
    await call(port);
    const counted = await settled(port, CALLERS);
    assert.equal(counted["spans.exported"], CALLERS);
    if (outcome) assert(counted[`export.calls.outcome.${outcome}`] > 0, JSON.stringify(counted));
    const spans = await collector.spans();
    assert.equal(new Set(spans.map(({ id }) => id)).size, CALLERS);
    // A span and its row are one unit.
    const rows = (await collector.traces()).map(({ id }) => id);
    assert.deepEqual(new Set(rows), new Set(spans.map(({ trace_id }) => trace_id)));
  });
}

/** Trouble for good: where the spans are counted. */
const LASTING = {
  "500 for ever": [[{ kind: "status", code: 500 }], "gave_up"],
  "silent for ever": [[{ kind: "silent" }], "gave_up"],
  "resets for ever": [[{ kind: "reset" }], "gave_up"],
  "400 for ever": [[{ kind: "status", code: 400 }], "refused"],
};

for (const [trouble, [steps, reason]] of Object.entries(LASTING)) {
  proof(`trouble that lasts: ${trouble}`, async (stage) => {
    const { collector, port } = await watched(stage);
    await collector.fault(...steps);
    await call(port);
    const counted = await settled(port, CALLERS);
    assert.equal(counted[`spans.dropped.reason.${reason}`], CALLERS, JSON.stringify(counted));
    assert.deepEqual(await collector.spans(), []);
  });
}

proof("a collector that is not there", async (stage) => {
  const origin = await stage.origin();
  const gone = await stage.origin();
  await gone.stop();
  const config = { backend: opik(gone), export: QUICK };
  const { port } = await stage.worker({ config, origin, bindings: WATCHED });
  await call(port);
  assert.equal((await settled(port, CALLERS))["spans.dropped.reason.gave_up"], CALLERS);
});

proof("no caller waits for a collector that never answers", async (stage) => {
  const { collector, port } = await watched(stage, { timeout_ms: 60_000 });
  await collector.fault({ kind: "silent" });
  // All of them come back while the first call to the collector is still under way.
  await call(port, 100);
  const counted = await counters(port);
  assert.equal(counted["spans.recorded"], 100);
  assert.equal(counted["queue.spans"], 100, JSON.stringify(counted));
});

proof("an idle Worker sends its last spans by itself", async (stage, context) => {
  const interval_ms = 400;
  const { collector, port } = await watched(stage, { interval_ms });
  for (const count of [7, 1]) {
    await collector.reset();
    await call(port, count);
    const begin = performance.now();
    // Nothing else is asked of the Worker.
    assert(await collector.wait({ spans: count, seconds: 20 }), "the tail without further traffic");
    const took = performance.now() - begin;
    context.diagnostic(
      `${count} spans came ${took.toFixed(0)} ms behind the last answer, with an interval of ${interval_ms} ms`,
    );
    // A call is logged when its spans are stored, and not before.
    const made = async () => (await collector.requests()).filter(({ path }) => path.includes("spans"));
    await until(async () => (await made()).length, "the call in the log");
    assert.equal((await made()).length, 1, "in one call");
    // Generous: a busy machine is no fault of the Worker.
    assert(took < 10 * interval_ms, "an interval, and not for ever");
  }
});

proof("the queue is bounded, and says so", async (stage) => {
  const { collector, port } = await watched(stage, { queue_bytes: 16_384, batch_bytes: 4096, timeout_ms: 60_000 });
  await collector.fault({ kind: "silent" });
  await call(port, 100);
  const counted = await counters(port);
  assert(counted["queue.bytes"] > 0 && counted["queue.bytes"] <= 16_384, JSON.stringify(counted));
  const unrecorded = counted["requests.unrecorded.reason.queue_full"];
  assert(unrecorded > 0, JSON.stringify(counted));
  assert.equal(counted["spans.recorded"] + unrecorded, 100, JSON.stringify(counted));
});

proof("a key that is refused stops the export", async (stage) => {
  // And then no parent is announced that will not arrive.
  const { origin, port } = await watched(stage, { backoff_max_ms: 60_000 }, ["--key", "the right one"]);
  await send(port);
  await stoppedExport(port);
  await send(port, { lines: ["x-case: stopped"] });
  assert.deepEqual(
    origin
      .of("stopped")[0]
      .lines()
      .filter((line) => line.startsWith("opik")),
    [],
  );
  const counted = await counters(port);
  assert.equal(counted["requests.unrecorded.reason.export_stopped"], 1);
  assert.equal(dropped(counted), 0);
});

async function stoppedExport(port) {
  await until(async () => (await counters(port))["export.calls.outcome.failed"] === 1, "a call that was refused");
}

proof("the key is a secret of the Worker, and goes to the collector alone", async (stage) => {
  const origin = await stage.origin();
  const collector = await stage.collector("--key", "the right one");
  const config = { backend: opik(collector, { api_key_env: "OPIK_API_KEY", workspace: "default" }), export: QUICK };
  const { port } = await stage.worker({ config, origin, bindings: { ...WATCHED, OPIK_API_KEY: "the right one" } });
  await call(port, 3);
  assert(await collector.wait({ spans: 3 }));
  assert(!origin.arrived.some((one) => one.lines().join("\n").includes("the right one")));
});

proof("spans beyond a batch leave at once, and batches keep their size", async (stage) => {
  // An interval that does not pass.
  const { collector, port } = await watched(stage, { interval_ms: 60_000, batch_spans: 10 });
  await call(port, 25);
  assert(await collector.wait({ spans: 20 }));
  const counted = await counters(port);
  assert.equal(counted["spans.exported"], 20, JSON.stringify(counted));
  assert.equal(counted["queue.spans"], 5);
});

/** A backend whose responses have bodies of that many bytes; how much of each was sent, and on how many connections. */
class Talkative {
  constructor(status, bytes) {
    Object.assign(this, { status, bytes, sent: [], connections: 0 });
    this.server = http.createServer((asked, answer) => asked.resume().on("end", () => this.serve(answer)));
    this.server.on("connection", () => (this.connections += 1));
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  }

  async serve(answer) {
    let bytes = 0;
    const pieces = function* (all) {
      for (const piece = Buffer.alloc(16_384, "x"); bytes < all; bytes += piece.length) yield piece.subarray(0, all - bytes);
    };
    answer.writeHead(this.status, { "content-length": this.bytes });
    // It fails when the other side leaves.
    await pipeline(pieces(this.bytes), answer).catch(() => {});
    this.sent.push({ bytes, isWhole: answer.writableFinished });
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** What sockets may hold of a response that nobody reads. */
const IN_SOCKETS = 16_000_000;

for (const kind of ["opik", "otlp"]) {
  for (const status of [200, 503]) {
    proof(`a long response of a backend is cancelled: ${kind}, ${status}`, async (stage) => {
      const backend = await stage.add(new Talkative(status, 4 * IN_SOCKETS));
      const origin = await stage.origin();
      const config = { backend: kind === "opik" ? opik(backend) : { kind, url: backend.url }, export: { ...QUICK, attempts: 2 } };
      const { port } = await stage.worker({ config, origin, bindings: WATCHED });
      await call(port, 3);
      const counted = await settled(port, 3);
      assert.equal(counted[status === 200 ? "spans.exported" : "spans.dropped.reason.gave_up"], 3, JSON.stringify(counted));
      await until(() => backend.sent.length > 0, "the end of a response");
      for (const { bytes, isWhole } of backend.sent) assert(!isWhole && bytes < IN_SOCKETS, `${bytes} bytes were sent`);
    });
  }
}

proof("a short response of a backend leaves its connection open", async (stage) => {
  const backend = await stage.add(new Talkative(200, 2000));
  const origin = await stage.origin();
  const { port } = await stage.worker({ config: { backend: opik(backend), export: QUICK }, origin, bindings: WATCHED });
  for (const round of [1, 2, 3]) {
    await call(port, 1);
    await settled(port, round);
  }
  assert(backend.sent.length >= 3 && backend.sent.every(({ isWhole }) => isWhole), JSON.stringify(backend.sent));
  assert.equal(backend.connections, 1);
});
