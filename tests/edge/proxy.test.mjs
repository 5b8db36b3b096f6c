// What passes through: bodies, streams, cookies, upgrades; and how it ends when somebody goes away.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { gunzipSync } from "node:zlib";
import { until } from "./child.mjs";
import { BARE, compatibility } from "./places.mjs";
import { proof } from "./proof.mjs";
import { connect } from "./websocket.mjs";
import { open, send } from "./wire.mjs";
import { gateway, opik } from "./worker.mjs";

const MEGABYTES = 5_000_000;

/** A Worker that records, quickly. */
async function recording(stage, options = {}) {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = { backend: opik(collector), export: { interval_ms: 50 }, ...options };
  const { port } = await stage.worker({ config, origin });
  return { origin, collector, port };
}

/** The one span that came of it. */
async function span(collector) {
  assert(await collector.wait({ spans: 1 }), "a span within 10 s");
  const spans = await collector.spans();
  assert.equal(spans.length, 1);
  return spans[0];
}

/** The origin is let go: nobody works for a caller who has left. */
async function gone(arrived) {
  let isGone = false;
  arrived.closed.then(() => (isGone = true));
  await until(() => isGone, "the connection to the origin to be closed", 20);
}

const said = (span, name) => span.metadata[name];

proof("a body of 5 MB reaches the origin as it was sent", async (stage) => {
  const { collector, port } = await recording(stage);
  const body = randomBytes(MEGABYTES);
  const answer = await send(port, { method: "POST", lines: ["x-app: digest"], body });
  assert.equal(answer.text, createHash("sha256").update(body).digest("hex"));
  assert.equal(said(await span(collector), "gatespan.end"), "complete");
});

proof("a body of 5 MB reaches the caller", async (stage) => {
  const { collector, port } = await recording(stage);
  const answer = await send(port, { lines: [`x-app: big=${MEGABYTES}`] });
  assert.equal(answer.body.length, MEGABYTES);
  assert(!answer.cut && answer.body.every((byte) => byte === 0x78));
  assert.equal(said(await span(collector), "gatespan.end"), "complete");
});

proof("events arrive one by one, in order, before the stream ends; then the span", async (stage) => {
  const { origin, collector, port } = await recording(stage);
  const answer = await open(port, { lines: ["x-app: sse=3", "x-case: sse"] });
  await until(() => answer.text === "data: 0\n\ndata: 1\n\ndata: 2\n\n", "three events, with the end held back", 20);
  assert.equal((await collector.spans()).length, 0, "the request has not ended");
  origin.of("sse")[0].release();
  await answer.end;
  assert(answer.text.endsWith("data: end\n\n") && !answer.cut);
  assert.equal(said(await span(collector), "gatespan.end"), "complete");
});

proof("two cookies stay two", async (stage) => {
  const { port } = await recording(stage);
  assert.deepEqual((await send(port, { lines: ["x-app: cookies"] })).all("set-cookie"), [
    "a=1; Path=/",
    "b=2, with; Path=/",
  ]);
});

proof("a compressed answer stays compressed", async (stage) => {
  const { origin, port } = await recording(stage);
  const answer = await send(port, { lines: ["x-app: gzip", "x-case: gzip", "accept-encoding: gzip"] });
  assert.deepEqual(answer.all("content-encoding"), ["gzip"]);
  assert.equal(gunzipSync(answer.body).toString(), "compressed ".repeat(100));
  assert.equal(origin.of("gzip")[0].one("accept-encoding"), "gzip");
});

for (const [method, app, status] of [
  ["GET", "status=204", 204],
  ["GET", "status=304", 304],
  ["GET", "status=418", 418],
  ["GET", "status=503", 503],
  ["GET", "moved=https://elsewhere.test/", 302],
  ["HEAD", "big=1000", 200],
  ["OPTIONS", "echo", 200],
  ["DELETE", "echo", 200],
]) {
  proof(`${method} that is answered with ${app}`, async (stage) => {
    const { origin, collector, port } = await recording(stage);
    const answer = await send(port, { method, lines: [`x-app: ${app}`] });
    assert.equal(answer.status, status);
    if (app.startsWith("moved")) assert.deepEqual(answer.all("location"), ["https://elsewhere.test/"]);
    assert.equal(origin.arrived.length, 1, "and nobody follows a redirection but the caller");
    assert.equal(origin.arrived[0].method, method);
    assert.equal(said(await span(collector), "http.response.status_code"), status);
  });
}

for (const method of ["GET", "HEAD"]) {
  for (const body of ["", "a question"]) {
    proof(`${method} with a body of ${body.length} bytes`, async (stage) => {
      const { origin, collector, port } = await recording(stage);
      const lines = ["x-case: asks", "x-app: gzip", "accept-encoding: gzip"];
      const answer = await send(port, { method, lines, body });
      assert.deepEqual([answer.status, answer.all("content-encoding")], [200, ["gzip"]]);
      if (method === "GET") assert.equal(gunzipSync(answer.body).toString(), "compressed ".repeat(100));
      const [arrived] = origin.of("asks");
      assert.deepEqual([arrived.method, arrived.bytes], [method, body.length]);
      assert(arrived.one("opik_trace_id"), "with the headers of any other request");
      assert.equal(said(await span(collector), "gatespan.end"), "complete");
    });
  }
}

proof("a Worker behind a binding that says nonsense about its answer", async (stage) => {
  const collector = await stage.collector();
  const script = `export default { fetch(request) {
    const headers = { "content-type": "application/grpc", "grpc-status": "none" };
    const length = new URL(request.url).searchParams.get("length");
    return new Response("hello", { headers: { ...headers, "content-length": length } });
  } };`;
  const config = { backend: opik(collector), export: { interval_ms: 50 } };
  const behind = { name: "behind", modules: true, script, ...compatibility() };
  const front = gateway({ config, serviceBindings: { ORIGIN: "behind" } });
  const { ports } = await stage.workers([front, behind]);
  const lengths = ["abc", "5, 5", "-1", "1e3", ""];
  for (const length of lengths) {
    const target = `/?length=${encodeURIComponent(length)}`;
    const answer = await send(ports.gatespan, { target, lines: ["content-type: application/grpc"] });
    assert.deepEqual([answer.status, answer.text, answer.cut], [200, "hello", false], length);
  }
  assert(await collector.wait({ spans: lengths.length }));
  for (const { metadata } of await collector.spans()) {
    assert.equal(metadata["gatespan.end"], "complete");
    for (const name of ["rpc.grpc.status_code", "http.response.body.size"]) assert(!(name in metadata), name);
  }
});

proof("path, query and foreign headers pass as they are", async (stage) => {
  const { origin, port } = await recording(stage);
  const lines = ["x-case: bytes", "x-Twice: a", "x-twice: b", "X-Empty: ", "accept: */*"];
  await send(port, { target: "/a%2Fb/%C3%A4//c;d?x=1&&y=%20&z", lines });
  const [arrived] = origin.of("bytes");
  assert.equal(arrived.target, "/a%2Fb/%C3%A4//c;d?x=1&&y=%20&z");
  assert.equal(arrived.all("x-twice").join(", "), "a, b");
  assert.deepEqual(arrived.all("x-empty"), [""]);
});

proof("bytes beyond ASCII in foreign headers pass as through a Worker that looks at none", async (stage) => {
  const { origin, port } = await recording(stage);
  const bare = await stage.worker({ folder: BARE, origin });
  // As node writes them, byte for byte.
  const lines = ["x-latin: caf\u00e9", "x-utf8: \u00c3\u00a9", "user-agent: \u00ff"];
  await send(port, { lines: [...lines, "x-case: ours"] });
  await send(bare.port, { lines: [...lines, "x-case: bare"] });
  for (const name of ["x-latin", "x-utf8", "user-agent"]) {
    assert.deepEqual(origin.of("ours")[0].all(name), origin.of("bare")[0].all(name), name);
  }
});

proof("an answer that comes before the request has ended", async (stage) => {
  const { origin, collector, port } = await recording(stage);
  const body = new PassThrough();
  body.write("a beginning");
  const answer = await open(port, { method: "POST", lines: ["x-app: early", "x-case: early"], body });
  await answer.end;
  assert.equal(answer.status, 200);
  body.end("the rest");
  assert.equal(origin.of("early").length, 1);
  assert.equal(said(await span(collector), "gatespan.end"), "complete");
});

proof("a WebSocket is opened through it, and its frames pass both ways", async (stage) => {
  const { origin, collector, port } = await recording(stage);
  const socket = await connect(port, ["x-case: socket"]);
  assert.equal(await socket.echo("one"), "one");
  assert.equal(await socket.echo("two"), "two");
  await socket.close();
  const [arrived] = origin.of("socket");
  assert(arrived.one("opik_trace_id"), "with the headers of any other request");
  const { trace_id, id, metadata } = await span(collector);
  assert.equal(trace_id, arrived.one("opik_trace_id"));
  assert.equal(id, arrived.one("opik_parent_span_id"));
  assert.equal(metadata["http.response.status_code"], 101);
});

proof("a WebSocket is opened where the trace id is shown as well", async (stage) => {
  const { port } = await recording(stage, { rule: { expose: true } });
  const socket = await connect(port);
  assert.equal(await socket.echo("one"), "one");
  await socket.close();
});

proof("a caller that leaves: the origin is let go, and the span says so", async (stage) => {
  const { origin, collector, port } = await recording(stage);
  const answer = await open(port, { lines: ["x-app: stream", "x-case: left"] });
  await until(() => answer.chunks.length >= 2, "two events");
  answer.leave();
  await gone(origin.of("left")[0]);
  const one = await span(collector);
  assert.equal(said(one, "gatespan.end"), "downstream_reset");
  assert.equal(said(one, "http.response.status_code"), 200);
});

proof("a caller that leaves before there is an answer", async (stage) => {
  const { origin, collector, port } = await recording(stage);
  const left = until(() => origin.of("early").length, "the request at the origin");
  await assert.rejects(send(port, { lines: ["x-app: stall", "x-case: early"], left }), { code: "ECONNRESET" });
  await gone(origin.of("early")[0]);
  // Nobody else noticed, and the next flush takes along what was left behind.
  assert.equal((await send(port)).status, 200);
  assert(await collector.wait({ spans: 2 }), "both spans");
  const ends = (await collector.spans()).map((span) => said(span, "gatespan.end"));
  assert.deepEqual(ends.sort(), ["complete", "downstream_reset"]);
});

for (const app of ["reset", "garbage"]) {
  proof(`an origin that answers with ${app}`, async (stage) => {
    const { collector, port } = await recording(stage);
    const answer = await send(port, { lines: [`x-app: ${app}`] });
    assert.equal(answer.status, 502);
    // The platform says only that there was no answer.
    assert.equal(said(await span(collector), "gatespan.end"), "upstream_unavailable");
    assert.equal((await send(port)).status, 200, "and the next one is served");
  });
}

proof("an origin that is not there", async (stage) => {
  const collector = await stage.collector();
  const gone = await stage.origin();
  await gone.stop();
  const config = { backend: opik(collector), export: { interval_ms: 50 } };
  const { port } = await stage.worker({ config, origin: gone });
  assert.equal((await send(port)).status, 502);
  const one = await span(collector);
  assert.equal(said(one, "gatespan.end"), "upstream_unavailable");
  assert(one.error_info, "it is an error in Opik");
});

proof("a gRPC client is told in its own form that the origin is not there", async (stage) => {
  const gone = await stage.origin();
  await gone.stop();
  const { port } = await stage.worker({ config: {}, origin: gone });
  for (const [asked, told] of [
    ["application/grpc+proto", "application/grpc"],
    ["application/grpc-web", "application/grpc-web+proto"],
    ["Application/gRPC-Web-Text", "application/grpc-web-text+proto"],
  ]) {
    const answer = await send(port, { lines: [`content-type: ${asked}`] });
    assert.deepEqual([answer.status, answer.all("content-type"), answer.all("grpc-status")], [200, [told], ["14"]], asked);
  }
});

// Miniflare shows its callers a clean end where the runtime resets.
for (const app of ["truncated", "cut_chunked"]) {
  proof(`an answer that is cut off (${app}) is cut off for the caller too`, async (stage) => {
    const origin = await stage.origin();
    const collector = await stage.collector();
    const config = { backend: opik(collector), export: { interval_ms: 50 } };
    const { port } = await stage.served({ config, origin });
    const answer = await send(port, { lines: [`x-app: ${app}`] });
    assert(answer.cut, "a whole answer would be a lie");
    assert.equal(answer.body.length, 500);
    const one = await span(collector);
    assert.equal(said(one, "gatespan.end"), "upstream_reset");
    assert(one.error_info, "it is an error in Opik");
  });
}
