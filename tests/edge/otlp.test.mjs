// OTLP from the Worker: judged by rotel, which nobody here wrote; to a sink in trouble; and towards Opik.

import assert from "node:assert/strict";
import { isSettled, eventually, otlp, otlpOpik } from "./backends.mjs";
import { proof } from "./proof.mjs";
import { Rotel } from "./rotel.mjs";
import { IDS } from "./scenario.mjs";
import { send } from "./wire.mjs";
import { WATCHED, settled } from "./worker.mjs";

const ENCODINGS = ["protobuf", "json"];
const [T, Q] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
const CALLER = [`traceparent: 00-${T}-${Q}-01`, "tracestate: vendor=value,other=1"];
/** What a span can say: ids, a parent, a state, a link, a failure, texts that need care. */
const SAID = {
  minted: [],
  joined: CALLER,
  padded: ["b3: 64fe8b2a57d3eff7-e457b5a2e4d86bd1-1"],
  linked: [...CALLER, "x-stranger: 1"],
  failed: ["x-app: status=503"],
  worded: ['user-agent: "quoted" \\ and more', "x-session-id: conversation-7"],
};
const SAYING = {
  service: "a service",
  formats: { extract: ["w3c", "b3"], inject: ["w3c"] },
  rule: { tags: ["one", "two words"] },
  routes: [{ match: { header: { name: "x-stranger", value: "1" } }, inbound: "link" }],
  span: { headers: ["user-agent"], thread: "x-session-id" },
  export: { interval_ms: 100 },
};

/** All that was read of each span, but for the way on which it came. */
async function told(collector) {
  const spans = (await collector.otlp()).map((span) => ({ ...span, encoding: "", path: "" }));
  return Object.fromEntries(spans.map((span) => [span.name.replace("GET /", ""), span]));
}

for (const encoding of ENCODINGS) {
  proof(`what rotel read is what was sent in ${encoding}`, async (stage) => {
    // The same spans go to our own sink, in the other encoding: all three readers have to read the same.
    const origin = await stage.origin();
    const [direct, behind] = [await stage.collector(), await stage.collector()];
    const rotel = await stage.add(await Rotel.on(behind.url));
    const other = ENCODINGS.find((one) => one !== encoding);
    const resource = { "deployment.environment.name": "tests", wörd: '"' };
    const backends = [
      otlp(rotel, { name: "rotel", encoding, resource }),
      otlp({ url: `${direct.url}/any/base` }, { name: "direct", encoding: other, resource }),
    ];
    const { port } = await stage.worker({ config: { ...SAYING, backends }, origin, bindings: WATCHED });
    for (const [name, lines] of Object.entries(SAID))
      await send(port, { lines: [...lines, `x-case: ${name}`], target: `/${name}` });
    const count = Object.keys(SAID).length;
    for (const one of [behind, direct]) assert(await one.wait({ otlp: count }), rotel.log);

    const came = await told(behind);
    assert.deepEqual(came, await told(direct));
    assert((await direct.otlp()).every((span) => span.encoding === other));
    for (const [name, span] of Object.entries(came)) {
      // The ids are those that the application got.
      const [, trace, id] = origin.of(name)[0].one("traceparent").split("-");
      assert.deepEqual([span.trace_id, span.id], [trace, id], name);
      assert.deepEqual(span.resource, { "service.name": "a service", ...resource });
      assert.equal(span.attributes["http.response.status_code"], name === "failed" ? 503 : 200);
      assert.equal(span.status.code, name === "failed" ? "error" : "unset");
    }
    const { joined, padded, minted, linked, worded } = came;
    assert.deepEqual([joined.trace_id, joined.parent_span_id, joined.trace_state], [T, Q, "vendor=value,other=1"]);
    assert.equal(padded.trace_id, "000000000000000064fe8b2a57d3eff7");
    assert.deepEqual([minted.parent_span_id, minted.links], [null, []]);
    assert.deepEqual(
      linked.links.map(({ trace_id, span_id }) => [trace_id, span_id]),
      [[T, Q]],
    );
    assert.deepEqual(worded.attributes["http.request.header.user-agent"], ['"quoted" \\ and more']);
    await eventually(port, ["rotel", "direct"], isSettled(count));
  });
}

const MANY = 10;
/** A batch is full with these. */
const FULL = { batch_spans: MANY, interval_ms: 20_000, backoff_ms: 50, backoff_max_ms: 100, timeout_ms: 2_000 };

/** One full batch meets that; the counters when nothing is queued any more. */
async function inTrouble(stage, steps, backend = {}) {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const config = { backend: otlp(collector, backend), export: FULL };
  const { port } = await stage.worker({ config, origin, bindings: WATCHED });
  await collector.fault(...steps);
  for (let number = 0; number < MANY; number++) assert.equal((await send(port, { target: `/${number}` })).status, 200);
  return { counted: await settled(port, MANY), requests: await collector.requests(), spans: await collector.otlp() };
}

for (const encoding of ENCODINGS) {
  proof(`a partial success in ${encoding}: what is lacking was refused`, async (stage) => {
    const steps = [{ kind: "partial", rejected: 3, message: "too long", times: 1 }];
    const { counted, requests, spans } = await inTrouble(stage, steps, { encoding });
    assert.deepEqual([counted["spans.exported"], counted["spans.dropped.reason.refused"]], [MANY - 3, 3]);
    assert.deepEqual([requests.length, spans.length], [1, MANY - 3]);
  });
}

const after = (seconds) => ({ "Retry-After": `${seconds}` });

/** A date three seconds after the response, by the backend's own clock, which is years behind ours. */
const DATE = { Date: "Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After": "Sun, 06 Nov 1994 08:49:40 GMT" };

/** Responses after which the same batch is sent again: the status, how many seconds the backend asks for, and its headers. */
const AGAIN = {
  "with a pause": [
    [429, 1, after(1)],
    [503, 2, after(2)],
  ],
  "until a date": [[429, 3, DATE]],
  "without one": [
    [502, 0, {}],
    [504, 0, {}],
  ],
};

for (const [how, answers] of Object.entries(AGAIN)) {
  proof(`what is sent again, ${how}`, async (stage) => {
    const steps = answers.map(([code, , headers]) => ({ kind: "status", code, headers, times: 1 }));
    const { counted, requests, spans } = await inTrouble(stage, steps);
    assert.deepEqual([counted["spans.exported"], counted["export.calls.outcome.retry"]], [MANY, answers.length]);
    assert.deepEqual(
      requests.map(({ status }) => status),
      [...answers.map(([code]) => code), 200],
    );
    assert.equal(new Set(requests.map(({ print }) => print)).size, 1, "the body does not change");
    assert(spans.every(({ times }) => times === 1) && spans.length === MANY);
    const at = requests.map((one) => Date.parse(one.at));
    // The platform's clock has whole milliseconds.
    for (const [number, [, pause]] of answers.entries())
      assert(at[number + 1] - at[number] >= 1000 * pause - 2, `${at}`);
  });
}

proof("a 500 is final", async (stage) => {
  const { counted, requests } = await inTrouble(stage, [{ kind: "status", code: 500, times: 1 }]);
  assert.deepEqual([counted["spans.dropped.reason.refused"], requests.length], [MANY, 1]);
});

proof("towards Opik: a trace of ours has its row, a caller's has none, and projects never mix", async (stage) => {
  const origin = await stage.origin();
  const collector = await stage.collector();
  const routes = ["one", "two"].map((name) => ({ match: { path_prefix: `/${name}` }, project: name }));
  const config = { backend: otlpOpik(collector, { project: "others" }), routes, export: { interval_ms: 50 } };
  const { port } = await stage.worker({ config, origin, bindings: WATCHED });
  const paths = Array.from({ length: 15 }, (_, number) => `/${["one", "two", "three"][number % 3]}/${number}`);
  for (const target of paths) await send(port, { target });
  const pair = [`opik_trace_id: ${IDS.NOW}`, `opik_parent_span_id: ${IDS.NOW.replace("5a5a", "5a5b")}`];
  await send(port, { target: "/one/joined", lines: [...pair, "x-case: joined"] });
  await settled(port, paths.length + 1);

  const wanted = (path) => ({ one: "one", two: "two", three: "others" })[path.split("/")[1]];
  const found = (rows) => rows.map(({ name, project_name }) => [name.replace("GET ", ""), project_name]).sort();
  const minted = paths.map((path) => [path, wanted(path)]).sort();
  assert.deepEqual(found(await collector.traces()), minted);
  assert.deepEqual(found(await collector.spans()), [...minted, ["/one/joined", "one"]].sort());
  const [joined] = await collector.spans({ name: "GET /one/joined" });
  assert.deepEqual([joined.trace_id, joined.parent_span_id], [IDS.NOW, pair[1].split(": ")[1]]);
  assert.equal(joined.id, origin.of("joined")[0].one("opik_parent_span_id"));
  const [root] = await collector.spans({ name: "GET /one/0" });
  const { trace, spans } = await collector.tree(root.trace_id);
  assert.deepEqual([trace.id, spans[0].id, spans[0].missing, spans[0].via], [root.trace_id, root.id, [], "otlp"]);
  assert.deepEqual(await collector.refused(), []);
});
