// The rows of the scenario table as Workers, and what came of them as the lines that a row wants.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filled } from "./pattern.mjs";
import { ROOT } from "./places.mjs";
import { PEER, gateway, opik } from "./worker.mjs";

const TABLE = JSON.parse(readFileSync(join(ROOT, "tests/scenarios/table.json"), "utf8"));
/** Where the platform changes what comes in, a row says what comes of that. */
export const ROWS = TABLE.rows.map((row) => ({ ...row, ...row.instead?.worker }));

/** Backends that the Worker delivers to, and the sink receives. */
const DELIVERED = new Set(["none", "opik", "otlp"]);

/** A proof of trust that rows send; a secret of the Worker. */
const SECRET = { GATE_SECRET: "open-sesame" };

/** An id of version 7 so far from now. */
function dated(seconds) {
  const digits = `${(Date.now() + seconds * 1000).toString(16).padStart(12, "0")}7a5a9a5a5a5a5a5a5a5a`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export const IDS = { ...TABLE.ids, NOW: dated(-3600), SOON: dated(3600) };

const kinds = (row) => row.backend.split(" ");

/** Why a row is not driven; undefined when it is. */
export function needs(row) {
  if (row.not?.worker) return row.not.worker;
  const missing = kinds(row).filter((kind) => !DELIVERED.has(kind));
  // A refused request reaches no backend, so that any configuration of them will do.
  if (missing.length && !row.refused) return `needs the ${missing} backend, which the Worker does not deliver to yet`;
}

const otlpPath = (name) => `/otlp/${name}/v1/traces`;

/** The project, or the path, tells the row from which a span came. */
const BACKENDS = {
  opik: (row, url) => opik(url, { project: row.name }),
  otlp: (row, url) => ({ kind: "otlp", url: url + otlpPath(row.name).replace(/\/v1\/traces$/, "") }),
};

/** `url` is that of the backend, which may be in trouble. */
function config(row, url) {
  const document = { ...row.config };
  const backends = kinds(row).flatMap((kind) => BACKENDS[kind]?.(row, url) ?? []);
  if (backends.length) Object.assign(document, { backends, export: { interval_ms: 200 } });
  // The smallest that the configuration allows, and a call that does not end.
  if (row.export === "queue_full")
    Object.assign(document.export, { queue_bytes: 1024, batch_bytes: 1024, timeout_ms: 60_000 });
  return document;
}

export function worker(row, origin, backend, bindings) {
  // The way to the origin says what Envoy's route says: its name, and the rule that it chooses.
  const { route, rule } = row.request;
  const ORIGINS = [{ origin: origin.url, ...(route && { name: route }), ...(rule && { rule }) }];
  return gateway({ name: row.name, config: config(row, backend.url), bindings: { ORIGINS, ...SECRET, ...bindings } });
}

export function request(row) {
  const asked = row.request;
  const lines = asked.headers.map((line) => filled(line, IDS));
  // Time passes in the application, so that the end of a span is never the time inside its id.
  lines.push(`${PEER}: ${asked.peer ?? "127.0.0.1"}`, `x-case: ${row.name}`, "x-app: delay=3");
  return { lines, method: asked.method, target: asked.path, host: asked.host };
}

/** What a hop makes of its own, and no format of ours owns. */
const HOP = ["host", "content-length", "transfer-encoding", "connection", PEER];

/** `arrived` is what the origin got under this row's name. */
export async function outcome(row, answer, arrived, collector) {
  const none = { refused: [], upstream: [], written: [], exposed: [] };
  if (answer.all("content-type").includes("application/problem+json")) {
    if (arrived.length) throw new Error("a refused request makes no upstream call");
    const { status, fault, detail, type } = answer.json();
    if (type !== "about:blank" || status !== answer.status) throw new Error(answer.text);
    return { ...none, refused: [JSON.stringify({ status, fault, detail })] };
  }
  if (arrived.length !== 1)
    throw new Error(`the origin got ${arrived.length} requests; the answer: ${answer.status} ${answer.text}`);
  return {
    ...none,
    upstream: arrived[0].lines().filter((line) => !HOP.includes(line.split(":")[0])),
    written: await written(collector, row.name),
    exposed: answer.all("x-gatespan-trace-id"),
  };
}

async function written(collector, name) {
  const lines = [];
  const facts = [];
  for (const row of await collector.traces({ project_name: name })) {
    lines.push(`opik row ${row.id}${row.last_updated_at === instant(row.id) ? " at its own time" : ""}`);
  }
  for (const span of await collector.spans({ project_name: name })) {
    lines.push(`opik ${placed(span)}`);
    facts.push(...said(span.metadata ?? {}));
  }
  for (const span of await collector.otlp({ path: otlpPath(name) })) {
    lines.push(`otlp ${placed(span)}${span.times === 1 ? "" : `, ${span.times} times`}`);
    facts.push(...linked(span), ...said(span.attributes, false));
  }
  // Every backend is told the same about a request.
  return [...lines, ...new Set(facts)];
}

const placed = (span) =>
  `span ${span.id} in ${span.trace_id}${span.parent_span_id ? ` under ${span.parent_span_id}` : ""}`;

const linked = (span) => span.links.map((link) => `link ${link.trace_id} ${link.span_id}`);

/** What attributes say; without `links` where a caller's ids of OpenTelemetry that are linked to have a place of their own. */
function said(told, links = true) {
  const lines = [];
  const word = told["gatespan.decision"] === "linked" ? "link" : "client";
  const client = (name) => told[`gatespan.client.${name}`];
  for (const [trace, parent] of [
    ["trace_id", "span_id"],
    ["opik_trace_id", "opik_parent_span_id"],
  ]) {
    if (client(trace) && (links || word === "client" || trace === "opik_trace_id"))
      lines.push(`${word} ${client(trace)} ${client(parent) ?? ""}`);
  }
  for (const name of ["fault", "conflict", "decision"]) {
    const value = told[`gatespan.${name}`];
    if (value !== undefined) lines.push(`${name} ${value}`);
  }
  return lines;
}

/** The time inside an id, as the backend writes times. */
function instant(id) {
  const time = new Date(parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toISOString();
  return time.replace("Z", "000Z");
}

/** A row's lines of that name. */
export function wanted(row, name) {
  const value = row[name] ?? [];
  if (typeof value === "string") return [filled(value, IDS)];
  if (!Array.isArray(value))
    return [JSON.stringify({ status: value.status, fault: value.fault, detail: value.detail })];
  return value.map((line) => filled(line, IDS));
}
