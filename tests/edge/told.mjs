// What each backend was told of a call, held against its row.

import assert from "node:assert/strict";
import { lilypad, otlp, otlpOpik } from "./backends.mjs";
import { until } from "./child.mjs";
import { opik } from "./worker.mjs";

/** What a span tells of a call begins so. */
const TOLD = ["gen_ai.", "gatespan.usage.", "error.type", "mcp.", "rpc."];
const FIRST = "gen_ai.response.time_to_first_chunk";
const CASE = "http.request.header.x-case";
const FIELDS = ["type", "model", "provider", "usage", "total_estimated_cost"];
/** The projects in which Opik has what came by its own API, and by OTLP. */
const DIRECT = "genai";
const BY_OTLP = "genai-by-otlp";

/** All kinds of backends, in one collector. */
export const backends = (collector) => [
  opik(collector, { project: DIRECT }),
  otlp(collector),
  otlpOpik(collector, { name: "by-otlp", project: BY_OTLP }),
  lilypad(collector),
];

export const told = (attributes) =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => TOLD.some((beginning) => name.startsWith(beginning))));

/** The spans of every call, by its `x-case`: one of each backend, as soon as there are that many. */
export async function received(collector, calls) {
  const found = new Map();
  const put = (kind, spans, caseOf) => {
    for (const span of spans) {
      const name = caseOf(span);
      const of = found.get(name) ?? found.set(name, {}).get(name);
      assert(!of[kind], `two spans of one call: ${JSON.stringify(span)}`);
      of[kind] = span;
    }
  };
  const came = await collector.wait({ spans: 2 * calls, otlp: calls, lilypad: calls, seconds: 25 });
  put("opik", await collector.spans({ project_name: DIRECT }), ({ metadata }) => metadata[CASE]);
  put("byOtlp", await collector.spans({ project_name: BY_OTLP }), ({ metadata }) => metadata[`opik.metadata.${CASE}`]);
  put("otlp", await collector.otlp(), ({ attributes }) => attributes[CASE]?.[0]);
  put("lilypad", (await collector.lilypad()).spans, ({ attributes }) => attributes[CASE]);
  assert(came, `of ${calls} calls there are ${[...found.keys()]}; refused was ${JSON.stringify(await collector.refused())}`);
  return found;
}

/** The spans of one call, within a while. */
export async function spansOf(collector, name) {
  const isOurs = ({ metadata }) => metadata[CASE] === name;
  await until(async () => (await collector.spans({ project_name: DIRECT })).some(isOurs), `the span of ${name}`);
  const [opik, ...more] = (await collector.spans({ project_name: DIRECT })).filter(isOurs);
  assert.deepEqual(more, []);
  return opik;
}

const without = (object, names) => Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
const present = (span, names) =>
  Object.fromEntries(names.filter((name) => span[name] != null).map((name) => [name, span[name]]));

/**
 * Everything that a row wants, of every backend. `row` is that of a call that was cut, if it was; `error` is what the gateway
 * calls its end. `call` says between which milliseconds behind its beginning the first token came.
 */
export function check(spans, call, row, error) {
  const { opik, otlp, byOtlp, lilypad } = spans;
  const failed = error ?? row.error;
  const wanted = { ...row.told, ...(error && { "error.type": error }) };
  const first = row.first ? timed(opik, call) : {};
  const thread = row.thread ?? null;

  assert.deepEqual(present(opik, FIELDS), row.opik);
  assert.deepEqual(told(opik.metadata), { ...wanted, ...first });
  assert.equal(opik.error_info?.exception_type, failed);
  assert.equal("ttft" in opik, Boolean(row.first));

  const conventions = { ...wanted, ...row.otlp, ...first };
  assert.deepEqual(told(otlp.attributes), { ...conventions, ...(thread && { "gen_ai.conversation.id": thread }) });
  assert.equal(otlp.status.code, failed ? "error" : "unset");

  const provider = row.otlp["gen_ai.provider.name"];
  assert.deepEqual(told(lilypad.attributes), { ...conventions, ...(provider && { "gen_ai.system": provider }) });
  assert.deepEqual([lilypad.thread_id, lilypad.status.code], [thread, failed ? "error" : "unset"]);

  // By OTLP everything that has no field is metadata, by one name or the other, and nothing is taken for input or output.
  const plainly = Object.entries(byOtlp.metadata).map(([name, value]) => [name.replace(/^opik\.metadata\./, ""), value]);
  const metadata = Object.fromEntries(plainly);
  assert.deepEqual(told(metadata), without({ ...wanted, ...first }, ["gen_ai.request.model", "gatespan.usage.cost"]));
  assert.deepEqual(present(byOtlp, FIELDS), row.opik);
  assert.deepEqual([byOtlp.input, byOtlp.output, metadata.thread_id], [undefined, undefined, row.thread]);
  assert.equal(Boolean(byOtlp.error_info), Boolean(failed));
}

/** The attribute that says when the first token came, which was when it was sent. */
function timed({ ttft, metadata }, { earliest, latest }) {
  assert(ttft >= earliest - 5 && ttft <= latest + 5, `${ttft} ms, and not from ${earliest} to ${latest}`);
  // One is in milliseconds, the other in seconds.
  assert(Math.abs(metadata[FIRST] * 1000 - ttft) < 1e-6, `${metadata[FIRST]} s, ${ttft} ms`);
  return { [FIRST]: metadata[FIRST] };
}
