// One item in a thousand that the collector refuses: it costs itself, and at most 21 calls.

import assert from "node:assert/strict";
import { proof } from "./proof.mjs";
import { Kept } from "./wire.mjs";
import { WATCHED, dropped, opik, settled } from "./worker.mjs";

const COUNT = 1000;
/** Twice the logarithm and a bit: the whole, and at each of ten cuts two halves. */
const MOST_CALLS = 21;
/** Nothing leaves before the batch is full, and all of it fits. */
const EXPORT = { batch_spans: COUNT, batch_bytes: 8_000_000, queue_bytes: 16_000_000, interval_ms: 600_000 };
const KINDS = { traces: "/traces/batch", spans: "/spans/batch" };

for (const kind of Object.keys(KINDS)) {
  for (const bad of [0, 613, COUNT - 1]) {
    proof(`one bad item in a thousand: number ${bad} of the ${kind}`, async (stage, context) => {
      const origin = await stage.origin();
      const collector = await stage.collector();
      // As Opik does it: the whole batch, with 400.
      await collector.fault({ kind: "status", code: 400, only: KINDS[kind], holding: '"name":"GET /poison"' });
      const config = { backend: opik(collector), export: EXPORT };
      const { port } = await stage.worker({ config, origin, bindings: WATCHED });
      const caller = new Kept(port);
      for (let number = 0; number < COUNT; number++) {
        assert.equal(await caller.ask(number === bad ? "/poison" : `/${number}`), 200);
      }
      caller.end();
      const counted = await settled(port, COUNT, 60);

      const requests = await collector.requests();
      const calls = Object.fromEntries(
        Object.entries(KINDS).map(([name, end]) => [name, requests.filter(({ path }) => path.endsWith(end))]),
      );
      const refused = calls[kind].filter(({ status }) => status === 400);
      context.diagnostic(
        `${calls.traces.length} calls of traces, ${calls.spans.length} of spans, ${refused.length} of them refused`,
      );
      assert.equal(refused[0], calls[kind][0], "the first was the whole batch");
      assert(calls[kind].length <= MOST_CALLS);

      const told = ["spans.exported", "spans.dropped.reason.refused"].map((name) => counted[name]);
      assert.deepEqual([...told, dropped(counted)], [COUNT - 1, 1, 1]);
      assert.equal(counted["export.calls.outcome.split"], refused.length - 1);
      const arrived = origin.arrived.filter(({ target }) => target !== "/poison");
      const ids = arrived.map((one) => one.one("opik_parent_span_id")).sort();
      assert.deepEqual((await collector.spans()).map(({ id }) => id).sort(), ids);
      // The row of a bad span was accepted before.
      assert.equal((await collector.traces()).length, COUNT - (kind === "traces"));
    });
  }
}
