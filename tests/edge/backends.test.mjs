// Several backends at once: each gets the same spans, and what happens to one is no concern of the others.

import assert from "node:assert/strict";
import { PROJECT, eventually, isSettled, lilypad, of, otlp } from "./backends.mjs";
import { Collector } from "./collector.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { WATCHED, opik } from "./worker.mjs";

const CALLS = 20;
const QUICK = { interval_ms: 50, backoff_ms: 100, backoff_max_ms: 400, timeout_ms: 500, attempts: 100 };
const NAMES = ["opik", "otlp", "lilypad"];
/** A part of the path of each. */
const PATHS = { opik: "/v1/private/", otlp: "/v1/traces", lilypad: `/projects/${PROJECT}` };

/** `urls` are of those that are somewhere else. */
async function several(stage, { settings, urls } = {}) {
  const origin = await stage.origin();
  const collector = await stage.collector("--lilypad-queue");
  const at = (name) => urls?.[name] ?? collector;
  const backends = [opik(at("opik")), otlp(at("otlp"), { encoding: "json" }), lilypad(at("lilypad"))];
  const config = { backends, export: { ...QUICK, ...settings } };
  const { port } = await stage.worker({ config, origin, bindings: WATCHED });
  return { origin, collector, port };
}

async function call(port, origin, count = CALLS) {
  for (let number = 0; number < count; number++) assert.equal((await send(port, { target: `/${number}` })).status, 200);
  return origin.arrived.slice(-count).map((one) => one.one("opik_parent_span_id"));
}

/** The half of each id that is OpenTelemetry's. */
const lows = (ids) => ids.map((id) => id.replaceAll("-", "").slice(-16)).sort();
const ids = (rows) => rows.map(({ id }) => id).sort();
const READ = {
  opik: (collector) => collector.spans(),
  otlp: (collector) => collector.otlp(),
  lilypad: async (collector) => (await collector.lilypad()).spans,
};
const read = async (collector) => Promise.all(NAMES.map((name) => READ[name](collector)));
const exported = (counted) => NAMES.map((name) => of(counted, name)["spans.exported"]);
const others = (down) => NAMES.filter((name) => name !== down);

/** What every backend is told of a span, whatever that is called there. */
const facts = (rows, attributes) =>
  rows
    .map((row) => {
      const { "lilypad.type": _, ...told } = row[attributes];
      return [row.trace_id.replaceAll("-", ""), row.name, row.start_time, row.end_time, ...Object.entries(told).sort()];
    })
    .map(String)
    .sort();

proof("all of them get the same", async (stage) => {
  const { origin, collector, port } = await several(stage);
  const sent = await call(port, origin);
  const counted = await eventually(port, NAMES, isSettled(CALLS));
  assert.deepEqual(exported(counted), [CALLS, CALLS, CALLS]);
  assert.equal(counted["spans.exported"], CALLS, "the plain names are those of the first");
  const [inOpik, inOtlp, inLilypad] = await read(collector);
  assert.deepEqual(ids(inOpik), sent.toSorted());
  assert.deepEqual([ids(inOtlp), ids(inLilypad)], [lows(sent), lows(sent)]);
  assert.deepEqual(facts(inOtlp, "attributes"), facts(inOpik, "metadata"));
  assert.deepEqual(facts(inLilypad, "attributes"), facts(inOpik, "metadata"));
  assert.deepEqual(await collector.refused(), []);
});

/** How one may be down for a while. */
const DOWN = { silent: { kind: "silent" }, 503: { kind: "status", code: 503 } };

for (const down of NAMES) {
  for (const [how, step] of Object.entries(DOWN)) {
    proof(`${down} is down (${how}) and comes back`, async (stage) => {
      const { origin, collector, port } = await several(stage);
      await collector.fault({ ...step, only: PATHS[down] });
      const sent = await call(port, origin);
      let counted = await eventually(port, others(down), isSettled(CALLS));
      for (const name of others(down)) {
        assert.equal(of(counted, name)["spans.exported"], CALLS);
        assert.equal(of(counted, name)["export.calls.outcome.retry"], 0);
      }
      assert.equal(of(counted, down)["queue.spans"], CALLS, JSON.stringify(counted));
      await collector.fault();
      counted = await eventually(port, NAMES, isSettled(CALLS));
      assert.deepEqual(exported(counted), [CALLS, CALLS, CALLS]);
      assert.deepEqual((await read(collector)).map(ids), [sent.toSorted(), lows(sent), lows(sent)]);
    });
  }

  proof(`${down} is not there yet`, async (stage) => {
    // Connections are refused; then it is started, on a port that was free a moment ago.
    const gone = await stage.origin();
    await gone.stop();
    const { origin, port } = await several(stage, { urls: { [down]: gone } });
    const sent = await call(port, origin);
    const counted = await eventually(port, others(down), isSettled(CALLS));
    assert.equal(of(counted, down)["queue.spans"], CALLS, JSON.stringify(counted));
    const late = await stage.add(new Collector("--listen", `127.0.0.1:${gone.port}`, "--lilypad-queue"));
    assert.deepEqual(exported(await eventually(port, NAMES, isSettled(CALLS))), [CALLS, CALLS, CALLS]);
    assert.deepEqual(lows((await READ[down](late)).map(({ id }) => id)), lows(sent));
  });
}

proof("nobody waits for one that never answers", async (stage) => {
  // Its call does not end in this test, and nothing else is asked of the Worker, so that there is nobody but the request
  // whose span it was. A batch is two calls for Opik.
  const { origin, collector, port } = await several(stage, { settings: { timeout_ms: 60_000 } });
  await collector.fault({ kind: "silent", only: PATHS.otlp });
  await call(port, origin, 1);
  assert(await collector.wait({ traces: 1, spans: 1, lilypad: 1 }), "the others have it all the same");
});

proof("nobody waits for it with a second try either", async (stage) => {
  const { origin, collector, port } = await several(stage, { settings: { timeout_ms: 60_000 } });
  const fails = { kind: "status", code: 503, times: 2 };
  await collector.fault({ kind: "silent", only: PATHS.otlp }, { ...fails, only: PATHS.lilypad });
  await call(port, origin, 1);
  assert(await collector.wait({ traces: 1, spans: 1, lilypad: 1 }), "the others have it all the same");
});

proof("500 for ever means something else to each of them", async (stage) => {
  const { origin, collector, port } = await several(stage, { settings: { attempts: 4 } });
  await collector.fault({ kind: "status", code: 500 });
  await call(port, origin);
  const counted = await eventually(port, NAMES, isSettled(CALLS));
  const reasons = Object.entries({ opik: "gave_up", otlp: "refused", lilypad: "refused" });
  for (const [name, reason] of reasons) assert.equal(of(counted, name)[`spans.dropped.reason.${reason}`], CALLS, name);
});
