// Calls of tools whose messages name the parent themselves: the Worker reads a request before it decides, as far as it has
// to, and its body goes on as if nothing had been.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { until } from "./child.mjs";
import { proof } from "./proof.mjs";
import { open, send } from "./wire.mjs";
import { opik } from "./worker.mjs";

const [T, Q] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
const [M, N] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
const OF_HEADERS = `traceparent: 00-${T}-${Q}-01`;
const OF_MESSAGE = `00-${M}-${N}-01`;

const TRUST = { cidr: ["192.0.2.0/24"] };
const CONFIG = {
  formats: { extract: ["w3c", "b3"], inject: ["w3c", "b3"] },
  rule: { genai: "metadata", genai_api: "mcp", mcp_parent: "meta" },
  routes: [
    { match: { path: "/headers" }, mcp_parent: "headers" },
    { match: { path: "/link" }, trust: TRUST, untrusted: "link" },
    { match: { path: "/reject" }, trust: TRUST, untrusted: "reject" },
    { match: { path: "/strict" }, missing: "reject" },
  ],
  span: { headers: ["x-case"] },
  export: { interval_ms: 50 },
};

const message = ({ parent = OF_MESSAGE, before = "" } = {}) => {
  const meta = parent && { _meta: { progressToken: 1, traceparent: parent } };
  // The tool is named behind the parent, so that it is known only if the rest is read as well.
  const params = { arguments: { text: before }, ...meta, name: "get_weather" };
  return JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params });
};

const BY_MESSAGE = [M, N, [[T, Q]]];
const BY_HEADERS = [T, Q, []];

class Gateway {
  constructor(stage, origin, collector, port) {
    Object.assign(this, { stage, origin, collector, port });
  }

  static async of(stage) {
    const [origin, collector] = [await stage.origin("digest"), await stage.collector()];
    const backends = [{ kind: "otlp", url: collector.url }, opik(collector)];
    const { port } = await stage.worker({ config: { ...CONFIG, backends }, origin });
    return new Gateway(stage, origin, collector, port);
  }

  asked(name, { target = "/mcp", lines = [OF_HEADERS], ...more }) {
    const own = [`x-case: ${name}`, "content-type: application/json"];
    return { method: "POST", target, lines: [...own, ...lines], ...more };
  }

  send(name, request) {
    return send(this.port, this.asked(name, request));
  }

  open(name, request) {
    return open(this.port, this.asked(name, request));
  }

  async span(name) {
    let found = [];
    await until(async () => {
      found = (await this.collector.otlp()).filter(({ attributes }) => attributes["http.request.header.x-case"]?.[0] === name);
      return found.length > 0;
    }, `the span of ${name}`);
    assert.equal(found.length, 1);
    return found[0];
  }

  /** The trace and the parent of our span, and to what it links. */
  async ids(name) {
    const { trace_id, parent_span_id, links } = await this.span(name);
    return [trace_id, parent_span_id, links.map((link) => [link.trace_id, link.span_id])];
  }

  /** What came to the origin: once, whole, and with our span as its parent in every format. */
  async arrived(name, body) {
    const [one, ...more] = this.origin.of(name);
    assert.deepEqual(more, []);
    assert.equal(one.bytes, Buffer.byteLength(body), name);
    const { trace_id, id } = await this.span(name);
    assert.equal(one.one("traceparent").slice(0, 53), `00-${trace_id}-${id}-`);
    assert.equal(one.one("b3"), `${trace_id}-${id}-1`);
    return one;
  }

  /** It waits still; behind another request, so that there was time to go on. */
  async held(name) {
    await this.send("another", { target: "/headers", body: "{}" });
    assert.deepEqual(this.origin.of(name), [], `${name} went on`);
  }
}

const digest = (body) => createHash("sha256").update(body).digest("hex");

proof("a message names the parent, and the headers are linked to", async (stage) => {
  const gateway = await Gateway.of(stage);
  const body = message();
  const answer = await gateway.send("meta", { lines: [OF_HEADERS, "tracestate: a=1"], body });
  assert.deepEqual([answer.status, answer.text], [200, digest(body)]);
  const one = await gateway.arrived("meta", body);
  assert.deepEqual(one.all("content-length"), [`${body.length}`]);
  assert.deepEqual([one.all("transfer-encoding"), one.all("tracestate")], [[], []]);
  assert.deepEqual(await gateway.ids("meta"), BY_MESSAGE);
  const { attributes } = await gateway.span("meta");
  assert.equal(attributes["gatespan.client.http_trace_id"], T);
  assert.deepEqual([attributes["mcp.method.name"], attributes["gen_ai.tool.name"]], ["tools/call", "get_weather"]);
});

proof("whatever a body is, it arrives whole, and what was in time counts", async (stage) => {
  const gateway = await Gateway.of(stage);
  for (const [name, body, wanted, target] of [
    ["none", message({ parent: null }), BY_HEADERS],
    ["malformed", message({ parent: "00-zz" }), BY_HEADERS],
    ["no message", "{}", BY_HEADERS],
    ["no JSON", `}${message()}`, BY_HEADERS],
    ["broken off", message().slice(0, 40), BY_HEADERS],
    ["a list", `[${message()}]`, BY_HEADERS],
    ["empty", "", BY_HEADERS],
    ["not by this rule", message(), BY_HEADERS, "/headers"],
    ["early enough", message({ before: "x".repeat(16_000) }), BY_MESSAGE],
    ["too late", message({ before: "x".repeat(20_000) }), BY_HEADERS],
    ["large", message({ before: "x".repeat(100_000) }), BY_HEADERS],
    ["large behind", message() + " ".repeat(1_000_000), BY_MESSAGE],
  ]) {
    for (const [way, sent] of [["told", body], ["untold", Readable.from([body.slice(0, 9), body.slice(9)])]]) {
      const both = `${name}, ${way}`;
      const answer = await gateway.send(both, { target, body: sent });
      assert.deepEqual([answer.status, answer.text], [200, digest(body)], both);
      const one = await gateway.arrived(both, body);
      assert.deepEqual(one.all("content-length"), way === "told" ? [`${body.length}`] : [], both);
      assert.deepEqual(await gateway.ids(both), wanted, both);
    }
  }
  const packed = { lines: [OF_HEADERS, "content-encoding: gzip"], body: message() };
  assert.equal((await gateway.send("packed", packed)).text, digest(message()));
  assert.deepEqual(await gateway.ids("packed"), BY_HEADERS);
});

proof("it goes on as soon as its parent is known, and nothing is read twice", async (stage) => {
  const gateway = await Gateway.of(stage);
  const body = message();
  const [inside, behind] = [body.indexOf(N) + 5, body.indexOf('"name"')];
  const sent = new PassThrough();
  const answering = gateway.open("pieces", { body: sent });
  for (const piece of [body.slice(0, 7), body.slice(7, inside)]) {
    sent.write(piece);
    await gateway.held("pieces");
  }
  const last = Date.now();
  sent.write(body.slice(inside, behind));
  await until(() => gateway.origin.of("pieces").length, "it to go on before its end");
  sent.end(body.slice(behind) + " ".repeat(200_000));
  const answer = await (await answering).end;
  assert.equal(answer.text, digest(body + " ".repeat(200_000)));
  await gateway.arrived("pieces", body + " ".repeat(200_000));
  assert.deepEqual(await gateway.ids("pieces"), BY_MESSAGE);
  const { attributes, start_time_unix_nano: began } = await gateway.span("pieces");
  assert.equal(attributes["gen_ai.tool.name"], "get_weather");
  assert(Number(began) / 1e6 < last, "it began when the request came, and not when it went on");
});

proof("a stranger, and what is required and is nowhere", async (stage) => {
  const gateway = await Gateway.of(stage);
  await gateway.send("stranger", { target: "/link", body: message() });
  await gateway.arrived("stranger", message());
  const [trace, parent, links] = await gateway.ids("stranger");
  assert(trace !== T && trace !== M);
  assert.deepEqual([parent, links], [null, [[M, N], [T, Q]]]);
  const rejected = await gateway.send("rejected", { target: "/reject", body: message() });
  assert.deepEqual([rejected.status, rejected.json().fault], [400, "untrusted"]);
  assert.equal((await gateway.send("required", { target: "/strict", lines: [], body: message() })).status, 200);
  // Before its end, and not before its message is whole.
  const sent = new PassThrough();
  const answering = gateway.open("lacking", { target: "/strict", lines: [], body: sent });
  const body = message({ parent: null });
  sent.write(body.slice(0, 20));
  await gateway.held("lacking");
  sent.write(body.slice(20));
  const answer = await answering;
  sent.end();
  await answer.end;
  assert.deepEqual([answer.status, answer.json().fault], [400, "missing"]);
  assert.deepEqual([gateway.origin.of("rejected"), gateway.origin.of("lacking")], [[], []]);
});

proof("the caller leaves while it is held", async (stage) => {
  const gateway = await Gateway.of(stage);
  for (const [name, piece] of [["left at once", ""], ["left inside", message().slice(0, 30)]]) {
    const sent = new PassThrough();
    let leave;
    const left = new Promise((resolve) => (leave = resolve));
    const answering = gateway.open(name, { body: sent, left });
    // With nothing to send node would keep the headers back.
    sent.write(piece || " ");
    await gateway.held(name);
    leave();
    await assert.rejects(answering);
    assert.equal((await gateway.span(name)).attributes["gatespan.end"], "downstream_reset");
    assert.deepEqual(await gateway.ids(name), BY_HEADERS);
    assert.deepEqual(gateway.origin.of(name), []);
  }
});

proof("an origin that answers early, and one that is not there", async (stage) => {
  const gateway = await Gateway.of(stage);
  const body = message() + " ".repeat(500_000);
  assert.equal((await gateway.send("early", { lines: [OF_HEADERS, "x-app: early"], body })).status, 200);
  assert.deepEqual(await gateway.ids("early"), BY_MESSAGE);
  assert.equal((await gateway.span("early")).attributes["gatespan.end"], "complete");
  await gateway.origin.stop();
  assert.equal((await gateway.send("gone", { body })).status, 502);
  assert.deepEqual(await gateway.ids("gone"), BY_MESSAGE);
  assert.equal((await gateway.span("gone")).attributes["gatespan.end"], "upstream_unavailable");
  gateway.origin.stop = () => {};
});

proof("many at once do not mix", async (stage) => {
  const gateway = await Gateway.of(stage);
  const all = Array.from({ length: 30 }, (_, number) => {
    const parent = (number + 1).toString(16).padStart(16, "0");
    const sent = new PassThrough();
    const answering = gateway.open(`many ${number}.`, { lines: [], body: sent });
    return { name: `many ${number}.`, parent, body: message({ parent: `00-${M}-${parent}-01` }), sent, answering };
  });
  for (const { sent, body } of all) sent.write(body.slice(0, 50));
  await gateway.held(all[0].name);
  for (const { sent, body } of all.toReversed()) sent.end(body.slice(50));
  for (const { name, parent, body, answering } of all) {
    assert.equal((await (await answering).end).text, digest(body));
    await gateway.arrived(name, body);
    assert.deepEqual(await gateway.ids(name), [M, parent, []]);
  }
});
