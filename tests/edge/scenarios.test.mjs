// The scenario table through a real workerd: a Worker for each row.

import assert from "node:assert/strict";
import test from "node:test";
import { Bound, same } from "./pattern.mjs";
import { Stage } from "./proof.mjs";
import { IDS, ROWS, needs, outcome, request, wanted, worker } from "./scenario.mjs";
import { until } from "./child.mjs";
import { send } from "./wire.mjs";
import { WATCHED, counters } from "./worker.mjs";

const DRIVEN = ROWS.filter((row) => !needs(row));
/** Rows whose backend has to be in trouble before. */
const TROUBLED = DRIVEN.filter((row) => row.export);
const EASY = DRIVEN.filter((row) => !row.export);

const stage = new Stage();
const answers = {};
/** Why nothing was recorded, by the Worker's own counters. */
const reasons = {};
let origin, collector;

test("scenarios", async (t) => {
  t.after(() => stage.end());
  await drive();
  await trouble();
  for (const row of ROWS) await t.test(row.name, { skip: needs(row) }, () => check(row));
  await t.test("the collector refused nothing", async () => assert.deepEqual(await collector.refused(), []));
});

/** Every row's request is sent once; the tests only look at what came of it. */
async function drive() {
  origin = await stage.origin();
  collector = await stage.collector();
  const { ports } = await stage.workers(EASY.map((row) => worker(row, origin, collector, WATCHED)));
  for (const row of EASY) await ask(row, ports[row.name]);
  const lines = EASY.flatMap((row) => row.written ?? []);
  const count = (begin) => lines.filter((line) => line.startsWith(begin)).length;
  const counts = { traces: count("opik row"), spans: count("opik span"), otlp: count("otlp span") };
  await collector.wait({ ...counts, seconds: 8 });
}

async function ask(row, port) {
  // A Worker whose configuration is faulty shows no counters.
  if (row.refused?.fault === "config") {
    answers[row.name] = await send(port, request(row));
    reasons[row.name] = [];
    return;
  }
  const before = unrecorded(await counters(port));
  answers[row.name] = await send(port, request(row));
  const counted = unrecorded(await counters(port));
  for (const [reason, count] of Object.entries(before)) counted[reason] -= count;
  reasons[row.name] = Object.keys(counted).filter((reason) => counted[reason]);
}

const UNRECORDED = "requests.unrecorded.reason.";
const unrecorded = (counted) =>
  Object.fromEntries(
    Object.entries(counted)
      .filter(([name]) => name.startsWith(UNRECORDED))
      .map(([name, count]) => [name.slice(UNRECORDED.length), count]),
  );

/** What their backend answers, and how the Worker calls what comes of it. */
const TROUBLE = { stopped: ["status=401", "export_stopped"], queue_full: ["stall", "queue_full"] };

async function trouble() {
  for (const row of TROUBLED) {
    const [does, reason] = TROUBLE[row.export];
    const backend = await stage.origin(does);
    const { port } = await stage.workers([worker(row, origin, backend, WATCHED)]);
    const isIn = async () => {
      await send(port, { lines: ["x-case: before"] });
      return unrecorded(await counters(port))[reason];
    };
    await until(isIn, `the Worker not to record (${reason})`);
    await ask(row, port);
  }
}

async function check(row) {
  const answer = answers[row.name];
  const found = await outcome(row, answer, origin.of(row.name), collector);
  const bound = new Bound();
  const gone = wanted(row, "gone");
  const traces = found.upstream.filter((line) => !line.startsWith("x-") || line.startsWith("x-b3-"));
  for (const [what, expected, lines] of [
    ["refused", wanted(row, "refused"), found.refused],
    ["upstream", wanted(row, "upstream"), traces],
    ["written", wanted(row, "written"), found.written],
    ["exposed", wanted(row, "exposed"), found.exposed],
    ["unrecorded", wanted(row, "unrecorded"), reasons[row.name]],
    ["gone", [], found.upstream.filter((line) => gone.some((name) => line.startsWith(name)))],
  ]) {
    if (same(expected, lines, bound)) continue;
    assert.fail(
      [
        `${row.name} (${row.why})`,
        `${what}: wanted ${JSON.stringify(expected, null, 2)}`,
        `found ${JSON.stringify(lines, null, 2)}`,
        `bound ${JSON.stringify(bound.ids)}`,
        `answer ${answer.status} ${answer.message.rawHeaders.join(" | ")} ${answer.text.slice(0, 300)}`,
        stage.report(),
      ].join("\n"),
    );
  }
  if (row.alike) assert.equal(bound.ids[row.alike[0]].slice(24), IDS[row.alike[1]].slice(20), "both ids end alike");
}
