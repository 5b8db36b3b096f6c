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

proof("what is shipped has no such switch", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ config: {}, origin });
  assert.equal((await send(port, PANIC)).status, 200);
});
