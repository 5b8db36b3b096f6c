// The durable way: spans go to a Queue, and the same Worker takes them from there to the collector.

import assert from "node:assert/strict";
import { until } from "./child.mjs";
import { compatibility } from "./places.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { WATCHED, counters, gateway, opik } from "./worker.mjs";

const SPANS = "gatespan-spans";

/** The Worker at both ends of a real Queue of Miniflare's. */
async function queued(stage, settings = {}) {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = { backend: opik(collector, { via: "queue" }), export: { interval_ms: 50, ...settings } };
  const queues = {
    queueProducers: { GATESPAN_QUEUE: { queueName: SPANS } },
    queueConsumers: { [SPANS]: { maxBatchSize: 10, maxBatchTimeout: 0.1, maxRetries: 20, retryDelay: 0 } },
  };
  const { port } = await stage.workers([gateway({ config, origin: origin.url, bindings: WATCHED, ...queues })]);
  return { origin, collector, port };
}

async function ask(port, count) {
  for (let number = 0; number < count; number++) assert.equal((await send(port, { target: `/${number}` })).status, 200);
}

proof("spans reach the collector by way of a Queue", async (stage) => {
  const { origin, collector, port } = await queued(stage);
  await ask(port, 7);
  assert(await collector.wait({ traces: 7, spans: 7 }));
  assert.deepEqual(await collector.refused(), []);
  const sent = origin.arrived.map((one) => one.one("opik_parent_span_id")).sort();
  assert.deepEqual((await collector.spans()).map(({ id }) => id).sort(), sent);
});

/** A consumer of the test's own, which shows what the messages are. */
const READER = `
  const seen = [];
  const text = (body) => (typeof body === "string" ? body : new TextDecoder("latin1").decode(body));
  export default {
    queue(batch) { seen.push(...batch.messages.map(({ body }) => text(body))); },
    fetch() { return Response.json(seen); },
  };`;

proof("a message is the spans and no secret, and nobody but the consumer calls the collector", async (stage) => {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const backend = opik(collector, { via: "queue", api_key_env: "OPIK_API_KEY" });
  const producer = gateway({
    config: { backend, export: { interval_ms: 50 } },
    origin: origin.url,
    bindings: { ...WATCHED, OPIK_API_KEY: "no message's business" },
    queueProducers: { GATESPAN_QUEUE: { queueName: SPANS } },
  });
  const reader = {
    name: "reader",
    modules: true,
    script: READER,
    ...compatibility(),
    queueConsumers: { [SPANS]: { maxBatchSize: 10, maxBatchTimeout: 0.1 } },
  };
  const { ports } = await stage.workers([producer, reader]);
  await ask(ports.gatespan, 3);
  let messages = [];
  const ids = origin.arrived.map((one) => one.one("opik_parent_span_id"));
  await until(
    async () => {
      messages = (await send(ports.reader)).json();
      return ids.every((id) => messages.join().includes(id));
    },
    "all spans in messages",
    20,
    () => messages.join("\n"),
  );
  assert(!messages.join().includes("no message's business"));
  assert.deepEqual(await collector.requests(), []);
  const counted = await counters(ports.gatespan);
  assert.equal(counted["spans.exported"], 3, "what the Queue has accepted is safe");
});

for (const [trouble, steps] of Object.entries({
  "answers 500 for a while": [{ kind: "status", code: 500, times: 4 }],
  "asks for a pause": [{ kind: "status", code: 429, headers: { "Retry-After": "1" }, times: 1 }],
  "resets for a while": [{ kind: "reset", times: 3 }],
  "refuses a good batch once": [{ kind: "status", code: 400, times: 1 }],
})) {
  proof(`the Queue keeps what the collector does not take: it ${trouble}`, async (stage) => {
    // All five in one batch, however slowly they come: one that is alone is refused for good.
    const { collector, port } = await queued(stage, { batch_spans: 5, interval_ms: 15_000 });
    await collector.fault(...steps);
    await ask(port, 5);
    assert(await collector.wait({ traces: 5, spans: 5, seconds: 40 }), "all of them in the end");
    assert.equal((await collector.spans()).length, 5);
  });
}

proof("both ways are counted: what the Queue took, and what became of what it brought", async (stage) => {
  const { collector, port } = await queued(stage);
  // One item of the batch cannot be had: each answer cuts the batch in two, until it is alone.
  await ask(port, 4);
  assert(await collector.wait({ spans: 4 }));
  await collector.fault({ kind: "status", code: 400 });
  await ask(port, 2);
  let counted;
  const brought = (name) => counted[`brought.spans.${name}`];
  const isDone = async () => {
    counted = await counters(port);
    return brought("recorded") === 6;
  };
  await until(isDone, "six spans that were brought", 30, () => JSON.stringify(counted, null, 1));
  assert.deepEqual([counted["spans.recorded"], counted["spans.exported"], counted["queue.spans"]], [6, 6, 0]);
  assert.deepEqual([brought("exported"), brought("dropped.reason.refused")], [4, 2]);
  assert.equal((await collector.spans()).length, 4);
});

/** A Queue that takes single messages, shows them, and refuses lists of them. */
const RELUCTANT = `
  import { WorkerEntrypoint } from "cloudflare:workers";
  const taken = [];
  export default class extends WorkerEntrypoint {
    send(body) { taken.push(...body); }
    sendBatch() { throw new Error("not now"); }
    fetch() { return Response.json(taken); }
  }`;

proof("messages that are not ours, and a Queue that takes nothing back, cost no span that waits", async (stage) => {
  const origin = await stage.origin();
  const collector = await stage.collector();
  // So long that what is recorded stays where it is, but for what fills a batch.
  const settings = { interval_ms: 15_000, batch_spans: 2, attempts: 100 };
  const config = { backend: opik(collector, { via: "queue" }), export: settings };
  const bindings = { ...WATCHED, OPIK_API_KEY: "none" };
  const front = gateway({ config, origin: origin.url, bindings, serviceBindings: { GATESPAN_QUEUE: "reluctant" } });
  const reluctant = { name: "reluctant", modules: true, script: RELUCTANT, ...compatibility() };
  const { miniflare, port, ports } = await stage.workers([front, reluctant]);
  await ask(port, 3);
  let bytes = [];
  const isTaken = async () => (bytes = (await send(ports.reluctant)).json()).length > 0;
  await until(isTaken, "the message of the first batch");
  const worker = await miniflare.getWorker("gatespan");
  const bring = (...bodies) =>
    worker.queue(
      SPANS,
      bodies.map((body, at) => ({ id: `${at}`, timestamp: new Date(), attempts: 1, body })),
    );
  const foreign = [-1, 1e15, null, "text", { a: 1 }, [1], true, new Uint8Array(), new Uint8Array([1, 2, 3])];
  for (const body of foreign) {
    const { explicitAcks, retryMessages, outcome } = await bring(body);
    const delays = retryMessages.map(({ delaySeconds }) => delaySeconds);
    assert.deepEqual([outcome, explicitAcks, delays], ["ok", [], [60]], JSON.stringify(body));
  }
  // The rows are taken and the spans are not: what is left goes back to the Queue, which has no room.
  await collector.fault({ kind: "slow", ms: 1, times: 1 }, { kind: "status", code: 500 });
  const { explicitAcks, retryMessages } = await bring(new Uint8Array(bytes));
  assert.deepEqual([explicitAcks, retryMessages.length], [[], 1], "so the Queue brings all of it again");
  const counted = await counters(port);
  assert.deepEqual([counted["spans.recorded"], counted["queue.spans"]], [3, 1], JSON.stringify(counted));
});

proof("a Queue that is not bound is a fault of the configuration", async (stage) => {
  const origin = await stage.origin();
  const config = { backend: opik("http://collector.test", { via: "queue" }) };
  const workers = await stage.worker({ config, origin });
  assert.equal((await send(workers.port)).status, 500);
  assert.match(workers.output, /GATESPAN_QUEUE/);
});
