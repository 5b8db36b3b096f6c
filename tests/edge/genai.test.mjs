// Calls of models through the Worker: the bytes and their pace are the upstream's, and the span says what a call said
// about itself, and not a word more.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { CALLS, TABLE, pieces } from "./calls.mjs";
import { until } from "./child.mjs";
import { proof } from "./proof.mjs";
import { open, send } from "./wire.mjs";
import { opik } from "./worker.mjs";

const RULES = {
  rule: { genai: "metadata" },
  routes: [
    { match: { path_prefix: "/off/" }, genai: "off" },
    { match: { path_prefix: "/plain/" }, genai_encoding: "identity" },
  ],
  span: { headers: ["x-case"] },
  export: { interval_ms: 50 },
};
/** What the span tells of a call begins so. */
const TOLD = ["gen_ai.", "gatespan.usage.", "error.type"];
const FIRST = "gen_ai.response.time_to_first_chunk";

const isStream = ({ type }) => type.startsWith("text/event-stream");

async function recording(stage, otlp = []) {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const backends = [opik(collector), ...otlp.map(() => ({ kind: "otlp", url: collector.url }))];
  const { port } = await stage.worker({ config: { ...RULES, backends }, origin });
  return { origin, collector, port };
}

/**
 * Drives a call piece by piece: the upstream sends the next one when the caller has the last, so that a piece that is held
 * back ends this. Behind `until` pieces, if that is said, the caller leaves, or the upstream breaks off.
 */
async function through({ port, origin }, row, name, { before = "", until: last, breaks } = {}) {
  const body = JSON.stringify(row.asked);
  const own = [`x-case: ${name}`, `x-app: reply=${row.name}`, `authorization: ${TABLE.key}`];
  const lines = [...own, "content-type: application/json", "accept-encoding: gzip, br"];
  const answering = open(port, { method: "POST", target: before + row.path, lines, body });
  await until(() => origin.of(name)[0]?.go, "the upstream to answer");
  const [arrived] = origin.of(name);
  let answer;
  let sent = Buffer.alloc(0);
  for (const piece of pieces(row).slice(0, last)) {
    await until(() => arrived.go, "the upstream's next piece");
    const { go } = arrived;
    arrived.go = undefined;
    go();
    sent = Buffer.concat([sent, piece]);
    answer ??= await answering;
    await until(() => answer.body.length >= sent.length, "the piece to arrive before the next is sent");
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
  return { arrived, body };
}

async function spanOf(collector, name) {
  let found = [];
  await until(async () => {
    found = (await collector.spans()).filter(({ metadata }) => metadata["http.request.header.x-case"] === name);
    return found.length > 0;
  }, `the span of ${name}`);
  assert.equal(found.length, 1);
  return found[0];
}

const told = (metadata) =>
  Object.fromEntries(Object.entries(metadata).filter(([name]) => TOLD.some((beginning) => name.startsWith(beginning))));

/** The span of a call; `wanted` has the row's `usage` and `metadata`, or those of a call that was cut. */
function check(span, row, wanted) {
  const { type, model, provider } = span;
  assert.deepEqual({ type, model, provider }, row.span);
  assert.deepEqual(span.usage ?? undefined, wanted.usage);
  const { [FIRST]: first, ...metadata } = told(span.metadata);
  assert.deepEqual(metadata, wanted.metadata);
  assert.equal(span.error_info?.exception_type, wanted.error);
  if (!isStream(row)) return assert.deepEqual([span.ttft ?? undefined, first], [undefined, undefined]);
  assert(span.ttft > 0);
  // One is in milliseconds, the other in seconds.
  assert(Math.abs(first * 1000 - span.ttft) < 1e-6, `${first} s, ${span.ttft} ms`);
}

proof("a call of each kind: the same bytes at the same pace, and what it said about itself", async (stage) => {
  const all = await recording(stage);
  for (const [name, row] of CALLS) {
    const { arrived, body } = await through(all, row, name);
    assert.deepEqual(arrived.all("content-length"), [`${Buffer.byteLength(body)}`], name);
    assert.deepEqual(arrived.all("transfer-encoding"), [], name);
    assert.deepEqual(arrived.all("accept-encoding"), ["gzip, br"], "off by default");
    assert.equal(arrived.digest.digest("hex"), createHash("sha256").update(body).digest("hex"), name);
    check(await spanOf(all.collector, name), row, row);
  }
});

proof("the caller leaves inside a stream: what had been said by then", async (stage) => {
  const all = await recording(stage);
  for (const [name, row] of CALLS) {
    if (!row.cut) continue;
    await through(all, row, name, { until: row.cut.pieces });
    const span = await spanOf(all.collector, name);
    assert.equal(span.metadata["gatespan.end"], "downstream_reset");
    check(span, row, row.cut);
  }
});

proof("the upstream breaks off inside a stream", async (stage) => {
  const all = await recording(stage);
  for (const [name, row] of CALLS) {
    if (!row.cut) continue;
    await through(all, row, name, { until: row.cut.pieces, breaks: true });
    const error = "upstream_reset";
    const metadata = { ...row.cut.metadata, "error.type": error };
    check(await spanOf(all.collector, name), row, { ...row.cut, metadata, error });
  }
});

proof("large bodies, of a length that was not told, or that nobody reads", async (stage) => {
  const { origin, collector, port } = await recording(stage);
  const target = "/v1/chat/completions";
  const words = "planted-prompt-7c1e ".repeat(100_000);
  const body = JSON.stringify({ messages: [{ role: "user", content: words }], model: "late" });
  const digest = createHash("sha256").update(body).digest("hex");
  const json = "content-type: application/json";
  for (const [name, sent] of [["told", body], ["untold", Readable.from([body.slice(0, 99_999), body.slice(99_999)])]]) {
    const lines = [`x-case: ${name}`, "x-app: digest", json];
    const answer = await send(port, { method: "POST", target, lines, body: sent });
    assert.equal(answer.text, digest, name);
    assert.equal((await spanOf(collector, name)).model, "late");
  }
  assert.deepEqual(origin.of("told")[0].all("content-length"), [`${body.length}`]);
  assert.deepEqual(origin.of("untold")[0].all("content-length"), []);
  const early = await send(port, { method: "POST", target, lines: ["x-case: early", "x-app: early", json], body });
  assert.equal(early.status, 200);
  assert.equal((await spanOf(collector, "early")).metadata["gatespan.end"], "complete");
});

proof("off, nothing of it is told", async (stage) => {
  const all = await recording(stage);
  for (const name of ["openai-json", "openai-stream"]) {
    await through(all, CALLS.get(name), name, { before: "/off" });
    const { type, metadata, model, provider, usage, ttft } = await spanOf(all.collector, name);
    assert.deepEqual([type, told(metadata)], ["general", {}]);
    assert.deepEqual([model, provider, usage, ttft].filter((field) => field != null), []);
  }
});

proof("an answer that may not be packed", async (stage) => {
  const all = await recording(stage);
  const { arrived } = await through(all, CALLS.get("openai-json"), "plain", { before: "/plain" });
  assert.deepEqual(arrived.all("accept-encoding"), ["identity"]);
  check(await spanOf(all.collector, "plain"), CALLS.get("openai-json"), CALLS.get("openai-json"));
});

proof("the same by OTLP, and no word that was said reaches a backend", async (stage) => {
  const all = await recording(stage, ["otlp"]);
  for (const [name, row] of CALLS) await through(all, row, name);
  assert(await all.collector.wait({ spans: CALLS.size, otlp: CALLS.size }));
  const name = "anthropic-stream";
  const spans = await all.collector.otlp();
  const { attributes } = spans.find((span) => JSON.stringify(span.attributes).includes(`"${name}"`));
  const { [FIRST]: first, ...said } = told(attributes);
  assert(first > 0);
  assert.deepEqual(said, {
    ...CALLS.get(name).metadata,
    "gen_ai.provider.name": "anthropic",
    "gen_ai.response.model": CALLS.get(name).span.model,
    "gen_ai.usage.input_tokens": 62_040,
    "gen_ai.usage.output_tokens": 300,
    "gen_ai.usage.cache_read.input_tokens": 60_000,
    "gen_ai.usage.cache_creation.input_tokens": 2_000,
  });
  const { collector } = all;
  const kinds = [collector.spans(), collector.traces(), collector.otlp(), collector.requests(), collector.refused()];
  const received = await Promise.all(kinds);
  assert.deepEqual(received.at(-1), []);
  const text = JSON.stringify(received);
  assert.deepEqual(TABLE.planted.filter((word) => text.includes(word)), []);
});
