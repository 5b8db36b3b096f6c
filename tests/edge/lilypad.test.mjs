// Lilypad's SDK behind the Worker, with every propagator that it knows; and what its server makes of the Worker's spans.

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { KEY, PROJECT, lilypad } from "./backends.mjs";
import { ROOT, told } from "./places.mjs";
import { answers, free } from "./ports.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { WATCHED, gateway, settled } from "./worker.mjs";

const WORDS = ["tracecontext", "b3", "b3multi", "jaeger", "composite"];
const KEYS = ["--lilypad-key", `${KEY}=${PROJECT}`];

/** The applications of tests/e2e, one for each word; their ports. */
async function applications(stage, collector) {
  const python = told("GATESPAN_PARTS");
  const ports = [];
  for (const _ of WORDS) ports.push(await free());
  const env = {
    LILYPAD_BASE_URL: `${collector.url}/v0`,
    LILYPAD_PROJECT_ID: PROJECT,
    LILYPAD_API_KEY: KEY,
    // The SDK calls ruff.
    PATH: `${dirname(python)}:${process.env.PATH}`,
  };
  const program = join(ROOT, "tests/e2e/services/lilypad_apps.py");
  const words = WORDS.map((word, at) => `${word}=${ports[at]}`);
  const served = await stage.child("lilypad", [python, program, ...words], { env });
  for (const port of ports) await served.until(() => answers(port), 60);
  return ports;
}

/** The spans from the root down, each the only child of the one before. */
async function branch(collector, trace, spans) {
  assert(await collector.wait({ lilypad: spans, trace }), JSON.stringify(await collector.tree(trace), null, 1));
  const found = [];
  for (let level = (await collector.tree(trace)).spans; level?.length; level = found.at(-1).children) {
    assert.equal(level.length, 1);
    assert.deepEqual([level[0].missing, level[0].project_name], [[], PROJECT]);
    found.push(level[0]);
  }
  return found;
}

proof("one tree, whoever begins it, with every propagator", async (stage) => {
  const collector = await stage.collector(...KEYS, "--lilypad-queue");
  const apps = await applications(stage, collector);
  const worker = (word, at) => {
    const formats = { extract: [word], inject: [word] };
    const config = { formats, backend: lilypad(collector), export: { interval_ms: 50 } };
    return gateway({ name: word, config, origin: `http://127.0.0.1:${apps[at]}` });
  };
  const { ports } = await stage.workers(WORDS.map(worker));
  for (const [at, word] of WORDS.entries()) {
    const minted = (await send(ports[word], { target: "/answer" })).json();
    const own = await branch(collector, minted.trace, 3);
    assert.deepEqual(
      own.map(({ name }) => name),
      ["GET /answer", "answer", "inner"],
      word,
    );
    assert.deepEqual([own[0].id, own[1].id], [minted.parent, minted.span]);

    const next = `x-next: http://127.0.0.1:${ports[word]}/answer`;
    const begun = (await send(apps[at], { target: "/call", lines: [next] })).json();
    const theirs = await branch(collector, begun.trace, 4);
    assert.deepEqual(
      theirs.map(({ name }) => name),
      ["call", "GET /answer", "answer", "inner"],
      word,
    );
    assert.deepEqual([theirs[0].id, theirs[1].id], [begun.span, begun.next.parent]);
  }
  assert.deepEqual([await collector.refused(), (await collector.lilypad()).lost], [[], []]);
});

proof("families that disagree: nobody behind the Worker is of another mind", async (stage) => {
  const origin = await stage.origin();
  const formats = { extract: ["composite"], inject: ["composite"] };
  const { port } = await stage.worker({ config: { formats, backend: lilypad({ url: "http://lilypad.test" }) }, origin });
  const [a, b, d] = ["a", "b", "d"].map((digit) => [digit.repeat(32), digit.repeat(16)]);
  const lines = [`traceparent: 00-${a[0]}-${a[1]}-01`, `b3: ${b[0]}-${b[1]}-1`, `uber-trace-id: ${d[0]}:${d[1]}:0:1`];
  // Jaeger > B3 > W3C, as the SDK's composite takes them.
  for (const [number, chosen] of [b, d].entries()) {
    await send(port, { lines: [...lines.slice(0, 2 + number), `x-case: ${number}`] });
    const [got] = origin.of(`${number}`);
    const seen = [
      got.one("traceparent").split("-").slice(1, 3),
      got.one("b3").split("-").slice(0, 2),
      [got.one("x-b3-traceid"), got.one("x-b3-spanid")],
      got.one("uber-trace-id").split(":").slice(0, 2),
    ];
    assert.equal(seen[0][0], chosen[0]);
    assert.equal(new Set(seen.map(String)).size, 1, String(seen));
  }
});

const MANY = 6;
const CALLER = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/** A Worker whose batch is full with these; it sends what is given for each. */
async function delivered(stage, options, steps, lines = []) {
  const origin = await stage.origin();
  const collector = await stage.collector(...KEYS, ...options);
  const settings = { batch_spans: MANY, interval_ms: 20_000, backoff_ms: 50, backoff_max_ms: 100, timeout_ms: 600 };
  const config = { backend: lilypad(collector), export: settings };
  const workers = await stage.worker({ config, origin, bindings: WATCHED });
  await collector.fault(...steps);
  for (let number = 0; number < MANY; number++) await send(workers.port, { lines: lines[number] ?? [] });
  const counted = await settled(workers.port, MANY);
  const sent = origin.arrived.map((one) => one.one("traceparent").split("-")[2]);
  return { counted, sent, workers, ...(await collector.lilypad()), requests: await collector.requests() };
}

proof("without a queue a caller that is joined is not kept, and that is counted", async (stage) => {
  const { counted, sent, spans, lost, workers } = await delivered(stage, [], [], [[CALLER], [CALLER]]);
  assert.deepEqual([counted["spans.exported"], counted["spans.dropped.reason.refused"]], [MANY - 2, 2]);
  assert.deepEqual(
    lost.map(({ span_id }) => span_id),
    sent.slice(0, 2),
  );
  assert.deepEqual(spans.map(({ id }) => id).sort(), sent.slice(2).sort());
  assert.match(workers.output, /backend lilypad: a server without a queue keeps no span/, "said when the Worker starts");
});

/** The spans are stored, and the Worker does not learn of it. */
const LOST = {
  "a reset inside the answer": { kind: "reset_mid_body" },
  silence: { kind: "silent" },
  "502 from what stands before": { kind: "status", code: 502 },
};

for (const [how, step] of Object.entries(LOST)) {
  for (const options of [[], ["--lilypad-queue"]]) {
    proof(`a lost answer neither doubles nor loses: ${how}${options.length ? ", with a queue" : ""}`, async (stage) => {
      const found = await delivered(stage, options, [{ ...step, store: true, times: 1 }]);
      const { counted, sent, spans, lost, requests } = found;
      assert.deepEqual([counted["spans.exported"], counted["export.calls.outcome.retry"]], [MANY, 1]);
      assert.deepEqual(spans.map(({ id }) => id).sort(), sent.toSorted());
      // The second try: a database alone refuses what is there, a queue takes it and it is dropped behind.
      assert.equal(requests[1].status, options.length ? 200 : 500);
      assert.deepEqual([requests.length, lost.length], [2, options.length ? MANY : 0]);
    });
  }
}
