// A panic ends one request: not its neighbours, and not what is buffered. The module of this test has a switch for it.

import assert from "node:assert/strict";
import { until } from "./child.mjs";
import { HOOKED } from "./places.mjs";
import { proof } from "./proof.mjs";
import { open, send } from "./wire.mjs";
import { WATCHED, counters, opik } from "./worker.mjs";

const PANIC = { lines: ["x-gatespan-panic: now"] };

proof("a panic costs one request, and nothing else", async (stage) => {
  const origin = await stage.origin();
  const collector = await stage.collector();
  // So long that what is buffered waits for everything below.
  const config = { backend: opik(collector), export: { interval_ms: 3000 } };
  const { port } = await stage.worker({ config, origin, folder: HOOKED, bindings: WATCHED });

  for (let number = 0; number < 5; number++) await send(port, { target: `/buffered/${number}` });
  const stream = await open(port, { target: "/stream", lines: ["x-app: sse=2", "x-case: stream"] });
  const waiting = send(port, { target: "/waiting", lines: ["x-app: delay=700", "x-case: waiting"] });
  await until(() => origin.of("stream").length && origin.of("waiting").length, "both neighbours at the origin");

  const [broken, second] = [await send(port, PANIC), await send(port, PANIC)];
  assert.deepEqual([broken.status, second.status], [500, 500]);
  const made = origin.arrived.length;

  assert.equal((await waiting).status, 200, "the one that waited for its answer");
  origin.of("stream")[0].release();
  await stream.end;
  assert(stream.text.endsWith("data: end\n\n") && !stream.cut, "the one that was flowing");
  assert.equal((await send(port, { target: "/after" })).status, 200, "the next one");
  assert.equal(origin.arrived.length, made + 1, "a panicking request goes nowhere");

  assert(await collector.wait({ spans: 8, seconds: 20 }), "nothing of the buffer is lost");
  const names = (await collector.spans()).map(({ name }) => name).sort();
  const buffered = [0, 1, 2, 3, 4].map((number) => `GET /buffered/${number}`);
  assert.deepEqual(names, ["GET /after", ...buffered, "GET /stream", "GET /waiting"]);
  assert.equal((await counters(port))["spans.exported"], 8);
});

proof(
  "a trap, which cannot unwind, costs what was buffered and one request, and the next ones are served",
  async (stage) => {
    const origin = await stage.origin();
    const collector = await stage.collector();
    const config = { backend: opik(collector), export: { interval_ms: 200 } };
    const { port } = await stage.worker({ config, origin, folder: HOOKED, bindings: WATCHED });

    const stream = await open(port, { target: "/stream", lines: ["x-app: sse=2", "x-case: stream"] });
    const waiting = send(port, { target: "/waiting", lines: ["x-app: delay=500", "x-case: waiting"] });
    await until(() => origin.of("stream").length && origin.of("waiting").length, "both neighbours at the origin");
    for (let number = 0; number < 3; number++)
      assert.equal((await send(port, { lines: ["x-gatespan-panic: trap"] })).status, 500);

    assert.equal((await waiting).status, 200);
    origin.of("stream")[0].release();
    await stream.end;
    assert(!stream.cut);
    // Recorded anew, by themselves, and counted.
    await send(port, { target: "/after" });
    assert(await collector.wait({ spans: 1, seconds: 20 }));
    assert((await collector.spans()).some(({ name }) => name === "GET /after"));
    await until(async () => (await counters(port))["queue.spans"] === 0, "an empty queue");
  },
);

proof("what a trap costs is told: what was queued, and not what was delivered", async (stage) => {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = { backend: opik(collector), export: { interval_ms: 15_000, batch_spans: 3 } };
  const workers = await stage.worker({ config, origin, folder: HOOKED, bindings: WATCHED });
  for (let number = 0; number < 5; number++) await send(workers.port);
  await until(async () => (await counters(workers.port))["spans.exported"] === 3, "the first batch");
  await until(async () => (await counters(workers.port))["queue.spans"] === 2, "the rest of them in the queue");
  assert.equal((await send(workers.port, { lines: ["x-gatespan-panic: trap"] })).status, 500);
  const line = "the module is gone, and with it 2 spans that were queued";
  await until(() => workers.output.includes(line), line, 10, () => workers.output);
  // The next module counts from the beginning: what is lost is in the log alone.
  await send(workers.port);
  await until(async () => (await counters(workers.port))["queue.spans"] === 1, "the next span");
  assert.equal((await counters(workers.port))["spans.recorded"], 1);
  assert.equal(workers.output.split("the module is gone").length, 2, "said once");
  assert.equal((await collector.spans()).length, 3);
});

proof("what is shipped has no such switch", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ config: {}, origin });
  assert.equal((await send(port, PANIC)).status, 200);
});
