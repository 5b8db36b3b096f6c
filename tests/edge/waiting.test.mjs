// No request waits for an export, whatever has become of the collector.

import assert from "node:assert/strict";
import { until } from "./child.mjs";
import { proof } from "./proof.mjs";
import { Kept } from "./wire.mjs";
import { WATCHED, counters, opik } from "./worker.mjs";

const ROUNDS = 400;
/** Longer than any test: a caller who waits for a call to the collector fails it. */
const NEVER = 300_000;
const EXPORT = { interval_ms: 50, backoff_ms: 50, backoff_max_ms: 100, timeout_ms: NEVER, attempts: 100 };

const last = (times) => times.toSorted((a, b) => a - b)[Math.ceil(0.99 * times.length) - 1];

proof("no caller waits for a collector that is dead", async (stage, context) => {
  // Three Workers, asked in turn: their collectors work, refuse connections, and never answer. The one call to the last is
  // under way before the first request is measured, and behind the last one it still is.
  const origin = await stage.origin();
  const gone = await stage.origin();
  await gone.stop();
  const silent = await stage.collector();
  await silent.fault({ kind: "silent" });
  const ways = {};
  const collectors = { works: await stage.collector(), refuses: gone, "is silent": silent };
  for (const [name, collector] of Object.entries(collectors)) {
    const config = { backend: opik(collector), export: EXPORT };
    const { port } = await stage.worker({ config, origin, bindings: WATCHED });
    ways[name] = { port, caller: new Kept(port), took: [] };
    assert.equal(await ways[name].caller.ask("/first"), 200);
  }
  await until(async () => (await silent.requests()).length > 0, "the call to the silent collector");
  for (let number = 0; number < ROUNDS; number++) {
    for (const { caller, took } of Object.values(ways)) {
      const begin = performance.now();
      assert.equal(await caller.ask(`/${number}`), 200);
      took.push(performance.now() - begin);
    }
  }
  for (const { caller } of Object.values(ways)) caller.end();

  const isRecorded = async () => (await counters(ways["is silent"].port))["spans.recorded"] === ROUNDS + 1;
  await until(isRecorded, "the end of the last span");
  const counted = await counters(ways["is silent"].port);
  assert.equal((await silent.requests()).length, 1, "the call of the beginning is still under way");
  const outcomes = Object.entries(counted).filter(([name]) => name.startsWith("export.calls.outcome."));
  assert.deepEqual([outcomes.length, outcomes.filter(([, count]) => count)], [4, []]);
  assert.equal(counted["queue.spans"], ROUNDS + 1);
  const isRetried = async () => (await counters(ways.refuses.port))["export.calls.outcome.retry"] > 0;
  await until(isRetried, "a call that was refused");

  const healthy = last(ways.works.took);
  const ratio = (name) => `${name}: ${(last(ways[name].took) / healthy).toFixed(2)}`;
  context.diagnostic(
    `p99 of ${ROUNDS} requests is ${healthy.toFixed(2)} ms while the collector works; as a ratio to that, while it ` +
      `${ratio("refuses")}, ${ratio("is silent")}`,
  );
});
