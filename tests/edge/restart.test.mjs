// An isolate ends without notice. What it has given to a Queue is safe, and what it was delivering is delivered by another.

import assert from "node:assert/strict";
import { until } from "./child.mjs";
import { compatibility } from "./places.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { WATCHED, counters, gateway, opik } from "./worker.mjs";

const SPANS = "gatespan-spans";
const COUNT = 12;

/** Stands in for a Queue that outlives every isolate, which Miniflare's does not: it shows what it was given. */
const STORE = `
  import { WorkerEntrypoint } from "cloudflare:workers";
  const taken = [];
  export default class extends WorkerEntrypoint {
    send(body) { taken.push([...body]); }
    sendBatch(messages) { taken.push(...messages.map(({ body }) => [...body])); }
    fetch() { return Response.json(taken); }
  }`;

/** A gateway in an isolate, and in a process, of its own, with such a Queue beside it. */
async function isolate(stage, collector, origin) {
  const config = { backend: opik(collector, { via: "queue" }), export: { interval_ms: 100, batch_spans: 5 } };
  const store = { name: "store", modules: true, script: STORE, ...compatibility() };
  const bindings = { config, origin: origin.url, bindings: WATCHED, serviceBindings: { GATESPAN_QUEUE: "store" } };
  const workers = await stage.workers([gateway(bindings), store]);
  const worker = await workers.miniflare.getWorker("gatespan");
  const bring = (bodies, attempts) =>
    worker.queue(
      SPANS,
      bodies.map((body, at) => ({ id: `${at}`, timestamp: new Date(), attempts, body: new Uint8Array(body) })),
    );
  return { workers, bring, messages: async () => (await send(workers.ports.store)).json() };
}

const ids = (origin) => origin.arrived.map((one) => one.one("opik_parent_span_id")).sort();
const stored = async (collector) => (await collector.spans()).map(({ id }) => id).sort();

proof("what a Queue has outlives the isolate that recorded it and the one that was delivering it", async (stage, context) => {
  const origin = await stage.origin();
  const collector = await stage.collector();

  const first = await isolate(stage, collector, origin);
  for (let number = 0; number < COUNT; number++) await send(first.workers.port, { target: `/${number}` });
  const isTaken = async () => (await counters(first.workers.port))["spans.exported"] === COUNT;
  await until(isTaken, "the Queue to have all of them");
  const messages = await first.messages();
  await first.workers.stop();
  assert.deepEqual(await collector.requests(), []);

  // The rows are accepted and the spans get no answer: in the middle of that the isolate ends, and acknowledges nothing.
  const second = await isolate(stage, collector, origin);
  await collector.fault({ kind: "silent", only: "/spans/" });
  const cut = second.bring(messages, 1).catch(() => "cut off");
  await until(async () => (await collector.requests()).some(({ path }) => path.includes("spans")), "a call under way");
  await second.workers.stop();
  assert.equal(await cut, "cut off");
  assert.deepEqual([(await collector.traces()).length > 0, await stored(collector)], [true, []]);

  await collector.fault();
  const third = await isolate(stage, collector, origin);
  const { outcome, explicitAcks } = await third.bring(messages, 2);
  assert.deepEqual([outcome, explicitAcks.length], ["ok", messages.length]);
  assert.deepEqual(await stored(collector), ids(origin));
  assert.equal((await collector.traces()).length, COUNT);
  context.diagnostic(`${COUNT} spans in ${messages.length} messages, through three isolates: all stored, each once`);
});

proof("without a Queue an isolate takes along what it has not sent, and no more", async (stage, context) => {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = { backend: opik(collector), export: { interval_ms: 15_000, batch_spans: 5 } };
  const workers = await stage.worker({ config, origin, bindings: WATCHED });
  for (let number = 0; number < COUNT; number++) await send(workers.port, { target: `/${number}` });
  const isSent = async () => (await counters(workers.port))["spans.exported"] === 10;
  await until(isSent, "the batches that are full");
  const { "queue.spans": queued } = await counters(workers.port);
  await workers.stop();
  const kept = await stored(collector);
  context.diagnostic(`${COUNT} requests, ${kept.length} spans stored, ${queued} were queued when the isolate ended`);
  assert.equal(kept.length + queued, COUNT);
  assert(kept.every((id) => ids(origin).includes(id)));
});
