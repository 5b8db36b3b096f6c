// The table of calls through the Worker: the bytes and their pace are the upstream's, and every backend is told what a call
// said about itself, and not a word more.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { CALLS, RULES, TABLE, asked, cut, isAsPacked, lines, pieces } from "./calls.mjs";
import { until } from "./child.mjs";
import { proof } from "./proof.mjs";
import { backends, check, received, spansOf, told } from "./told.mjs";
import { open, send } from "./wire.mjs";

const ROUTES = [
  { match: { path_prefix: "/off/" }, genai: "off" },
  { match: { path_prefix: "/plain/" }, genai_encoding: "identity" },
];
/** A document, events, frames. */
const SOME = ["openai-json", "anthropic-stream", "bedrock-converse-stream"];
/** Headers of traces; what a provider must not see of them. */
const TRACES = /^(traceparent|tracestate|baggage|b3|x-b3-.*|uber-trace-id|uberctx-.*|opik[-_].*)$/;

async function recording(stage) {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = {
    rule: { genai: "metadata" },
    routes: [...ROUTES, ...RULES],
    span: { headers: ["x-case"] },
    export: { interval_ms: 50 },
    backends: backends(collector),
  };
  const worker = await stage.worker({ config, origin });
  return { origin, collector, worker };
}

/**
 * Drives a call piece by piece: the upstream sends the next one when the caller has the last, so that a piece that is held
 * back ends this. Behind `until` pieces, if that is said, the caller leaves, or the upstream breaks off.
 */
async function through({ worker: { port }, origin }, row, name, { before = "", until: last, breaks } = {}) {
  const body = asked(row);
  const own = [`x-case: ${name}`, `x-app: reply=${row.name}`, `authorization: ${TABLE.key}`, "accept-encoding: gzip, br"];
  const began = performance.now();
  const asking = { method: "POST", target: before + row.path, host: row.host, lines: [...own, ...lines(row)], body };
  const answering = open(port, asking);
  await until(() => origin.of(name)[0]?.go, "the upstream to answer");
  const [arrived] = origin.of(name);
  const call = { arrived, body, earliest: 0, latest: 0 };
  let answer;
  let sent = Buffer.alloc(0);
  for (const [at, piece] of pieces(row).slice(0, last).entries()) {
    await until(() => arrived.go, "the upstream's next piece");
    const { go } = arrived;
    arrived.go = undefined;
    const isFirst = at + 1 === row.first;
    // So that the one before would be told from it.
    if (isFirst) await new Promise((resolve) => setTimeout(resolve, 30));
    if (isFirst) call.earliest = performance.now() - arrived.at;
    go();
    sent = Buffer.concat([sent, piece]);
    answer ??= await answering;
    await until(() => answer.body.length >= sent.length, "the piece to arrive before the next is sent");
    if (isFirst) call.latest = performance.now() - began;
    assert.deepEqual(answer.body, sent);
  }
  assert.equal(answer.status, row.status ?? 200);
  if (last === undefined) {
    await answer.end;
    assert(!answer.cut);
    assert.deepEqual(answer.body, Buffer.concat(pieces(row)));
  } else if (breaks) {
    await until(() => arrived.go, "the upstream's next piece");
    arrived.go("break");
    await answer.end;
    assert(answer.cut);
    assert.deepEqual(answer.body, sent);
  } else {
    answer.leave();
  }
  return call;
}

/** Does all of them, some at a time. What goes wrong is told of each. */
async function each(cases, run) {
  const failures = [];
  const left = [...cases];
  const one = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      await run(...next).catch((error) => failures.push(`${next[0]}: ${error.stack}`));
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  assert.equal(failures.join("\n\n"), "");
}

function unchanged(name, { arrived, body }) {
  assert.deepEqual(arrived.all("content-length"), [`${body.length}`], name);
  assert.deepEqual(arrived.all("transfer-encoding"), [], name);
  assert.deepEqual(arrived.all("accept-encoding"), ["gzip"], "what can be read");
  assert.equal(arrived.digest.digest("hex"), createHash("sha256").update(body).digest("hex"), name);
}

proof("the table: the same bytes at the same pace, what each call said about itself, and no word that was said", async (stage) => {
  const all = await recording(stage);
  const calls = new Map();
  await each(CALLS, async (name, row) => {
    calls.set(name, await through(all, row, name));
    unchanged(name, calls.get(name));
    assert(isAsPacked(row));
  });
  const spans = await received(all.collector, CALLS.size);
  const rows = await all.collector.traces();
  await each(CALLS, async (name, row) => {
    const { opik } = spans.get(name);
    check(spans.get(name), calls.get(name), row);
    assert.equal(opik.metadata["gatespan.end"], "complete");
    const threads = rows.filter(({ id }) => id === opik.trace_id).map(({ thread_id: thread }) => thread);
    assert.deepEqual(threads, [row.thread, row.thread], "one for each of Opik's backends");
    if (row.rule?.upstream !== "strip") return;
    const names = (headers) => headers.map((line) => line.split(":")[0]).filter((name) => TRACES.test(name));
    assert(names(row.headers).length > 0, "the caller had some");
    assert.deepEqual(names(calls.get(name).arrived.lines()), []);
  });

  assert.notDeepEqual(await all.collector.holding("openai-json"), [], "that is how a word would be found");
  for (const word of TABLE.planted) {
    assert.deepEqual(await all.collector.holding(word), []);
    assert(!all.worker.output.includes(word), word);
  }
  assert.deepEqual(await all.collector.refused(), []);
});

const CUT = [...CALLS].filter(([, row]) => row.cut);

proof("the caller leaves inside a stream: what had been said by then", async (stage) => {
  const all = await recording(stage);
  const calls = new Map();
  await each(CUT, async (name, row) => {
    calls.set(name, await through(all, row, name, { until: row.cut.pieces }));
  });
  const spans = await received(all.collector, CUT.length);
  await each(CUT, async (name, row) => {
    assert.equal(spans.get(name).opik.metadata["gatespan.end"], "downstream_reset");
    check(spans.get(name), calls.get(name), cut(row));
  });
});

proof("the upstream breaks off inside a stream", async (stage) => {
  const all = await recording(stage);
  const calls = new Map();
  await each(CUT, async (name, row) => {
    calls.set(name, await through(all, row, name, { until: row.cut.pieces, breaks: true }));
  });
  const spans = await received(all.collector, CUT.length);
  await each(CUT, async (name, row) => check(spans.get(name), calls.get(name), cut(row), "upstream_reset"));
});

proof("large bodies, of a length that was not told, or that nobody reads", async (stage) => {
  const { origin, collector, worker: { port } } = await recording(stage);
  const target = "/v1/chat/completions";
  const words = "planted-prompt-7c1e ".repeat(100_000);
  const body = JSON.stringify({ messages: [{ role: "user", content: words }], model: "late" });
  const digest = createHash("sha256").update(body).digest("hex");
  const json = "content-type: application/json";
  for (const [name, sent] of [["told", body], ["untold", Readable.from([body.slice(0, 99_999), body.slice(99_999)])]]) {
    const lines = [`x-case: ${name}`, "x-app: digest", json];
    const answer = await send(port, { method: "POST", target, lines, body: sent });
    assert.equal(answer.text, digest, name);
    assert.equal((await spansOf(collector, name)).model, "late");
  }
  assert.deepEqual(origin.of("told")[0].all("content-length"), [`${body.length}`]);
  assert.deepEqual(origin.of("untold")[0].all("content-length"), []);
  const early = await send(port, { method: "POST", target, lines: ["x-case: early", "x-app: early", json], body });
  assert.equal(early.status, 200);
  assert.equal((await spansOf(collector, "early")).metadata["gatespan.end"], "complete");
});

proof("off, nothing of it is told; and an answer that may not be packed", async (stage) => {
  const all = await recording(stage);
  for (const name of SOME) await through(all, CALLS.get(name), name, { before: "/off" });
  const row = CALLS.get("openai-json");
  const call = await through(all, row, "plain", { before: "/plain" });
  assert.deepEqual(call.arrived.all("accept-encoding"), ["identity"]);
  const spans = await received(all.collector, SOME.length + 1);
  for (const name of SOME) {
    const { opik, otlp, lilypad } = spans.get(name);
    assert.equal(opik.type, "general");
    assert.deepEqual([opik.metadata, otlp.attributes, lilypad.attributes].map(told), [{}, {}, {}]);
    assert.deepEqual([opik.model, opik.provider, opik.usage, opik.ttft].filter((field) => field != null), []);
  }
  check(spans.get("plain"), call, row);
});
