// What a careful person would write by hand for one configuration, to measure the Worker against: read and check Opik's
// headers and `traceparent`, join or mint, write both, record a span when the answer has ended, send batches to the
// collector with retries and a bound. No policy, no other formats, no routes, no faults with names.
//
// It takes the Worker's own variables, so that a bench gives both of them the same.

const OPIK = ["opik_trace_id", "opik-trace-id"];
const PARENT = ["opik_parent_span_id", "opik-parent-span-id"];
const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?(7[0-9a-f]{3})-?([89ab][0-9a-f]{3})-?([0-9a-f]{12})$/i;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZERO = /^0+$/;
/** How far in the future a clock may be. */
const AHEAD = 60_000;

const BATCH_SPANS = 200;
const BATCH_BYTES = 1_000_000;
const QUEUE_BYTES = 4_194_304;
const ATTEMPTS = 6;

// Random bytes are drawn for many ids at once: each draw is a call into the runtime.
const pool = new Uint8Array(1024);
let drawn = pool.length;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function random(count) {
  if (drawn + count > pool.length) {
    crypto.getRandomValues(pool);
    drawn = 0;
  }
  let text = "";
  for (let index = 0; index < count; index++) text += HEX[pool[drawn++]];
  return text;
}

const dashed = (hex) =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

function uuid(now, bits = random(10)) {
  const variant = ((parseInt(bits[4], 16) & 3) | 8).toString(16);
  return dashed(`${now.toString(16).padStart(12, "0")}7${bits.slice(0, 3)}${variant}${bits.slice(5)}`);
}

const low = (id) => id.slice(19, 23) + id.slice(24);
const bare = (id) => id.replaceAll("-", "");

/** One id in two spellings; null where absent, undefined where refused. */
function id(headers, [under, dash], now) {
  const a = headers.get(under);
  const b = headers.get(dash);
  const came = a ?? b;
  if (came === null) return null;
  const parts = UUID.exec(came);
  if (!parts || (a !== null && b !== null && a !== b)) return undefined;
  const hex = (parts[1] + parts[2] + parts[3] + parts[4] + parts[5]).toLowerCase();
  return parseInt(hex.slice(0, 12), 16) > now + AHEAD ? undefined : dashed(hex);
}

function w3c(headers) {
  const value = headers.get("traceparent");
  if (value === null) return null;
  const parts = TRACEPARENT.exec(value);
  if (!parts || ZERO.test(parts[1]) || ZERO.test(parts[2])) return undefined;
  return { trace: parts[1], parent: parts[2], sampled: (parseInt(parts[3], 16) & 1) === 1 };
}

/** Where this request stands: what goes upstream, and where the span hangs. */
function decide(headers, now) {
  let trace = id(headers, OPIK, now);
  const parent = id(headers, PARENT, now);
  const otel = w3c(headers);
  const refused = trace === undefined || parent === undefined || (parent && !trace);
  if (refused) trace = null;
  if (otel && !otel.sampled) return { recorded: false, otel };
  const span = uuid(now);
  if (trace) {
    const traceparent = otel ? null : `00-${bare(trace)}-${low(span)}-01`;
    return { recorded: true, trace, parent, span, traceparent, row: false, otel, decision: "joined" };
  }
  if (otel) {
    // Both ids end alike; the time is ours.
    const tail = otel.trace.slice(13, 16) + otel.trace.slice(16);
    return {
      recorded: true,
      trace: uuid(now, `${tail.slice(0, 3)}0${tail.slice(3)}`),
      span,
      row: true,
      otel,
      decision: "joined",
    };
  }
  const made = uuid(now);
  const decision = refused || otel === undefined ? "restarted" : "minted";
  return { recorded: true, trace: made, span, traceparent: `00-${bare(made)}-${low(span)}-03`, row: true, decision };
}

/** Everything that is left of the query is its keys. */
const redacted = (query) =>
  query
    .split("&")
    .map((part) => (part.includes("=") ? `${part.slice(0, part.indexOf("="))}=REDACTED` : "REDACTED"))
    .join("&");

function split(url) {
  const begin = url.indexOf("/", 8);
  const mark = url.indexOf("?", begin);
  return mark < 0
    ? { host: url.slice(url.indexOf("//") + 2, begin), target: url.slice(begin), path: url.slice(begin) }
    : {
        host: url.slice(url.indexOf("//") + 2, begin),
        target: url.slice(begin),
        path: url.slice(begin, mark),
        query: url.slice(mark + 1),
      };
}

let settings;
function read(env) {
  if (settings) return settings;
  const document = typeof env.GATESPAN_CONFIG === "string" ? JSON.parse(env.GATESPAN_CONFIG) : env.GATESPAN_CONFIG;
  const backend = document.backends?.[0] ?? document.backend;
  settings = {
    origin: env.ORIGIN.replace(/\/$/, ""),
    backend: backend?.url,
    project: backend?.project,
    interval: document.export?.interval_ms ?? 1000,
  };
  return settings;
}

const counts = { recorded: 0, exported: 0, gave_up: 0, queue_full: 0 };
const queue = { traces: [], spans: [], bytes: 0 };
let flushing = false;
let deadline = 0;

function record(at, place, request, url, status, end, started, ended) {
  const times = { start_time: new Date(started).toISOString(), end_time: new Date(ended).toISOString() };
  const metadata = { "http.request.method": request.method, "url.path": url.path };
  if (url.query !== undefined) metadata["url.query"] = redacted(url.query);
  metadata["server.address"] = url.host;
  metadata["http.response.status_code"] = status;
  metadata["gatespan.decision"] = place.decision;
  metadata["gatespan.end"] = end;
  if (place.otel) {
    metadata["gatespan.client.trace_id"] = place.otel.trace;
    metadata["gatespan.client.span_id"] = place.otel.parent;
  }
  const common = {
    ...times,
    last_updated_at: times.end_time,
    project_name: at.project,
    source: "sdk",
    name: `${request.method} ${url.path}`,
    metadata,
  };
  const span = { id: place.span, trace_id: place.trace, type: "general", ...common };
  if (place.parent) span.parent_span_id = place.parent;
  const text = JSON.stringify(span);
  counts.recorded++;
  if (queue.bytes + text.length > QUEUE_BYTES) {
    counts.queue_full++;
    return;
  }
  queue.spans.push(text);
  queue.bytes += text.length;
  if (place.row) {
    const row = JSON.stringify({ id: place.trace, ...common });
    queue.traces.push(row);
    queue.bytes += row.length;
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function post(at, path, body) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const answer = await fetch(at.backend + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      // Or its connection is held.
      await answer.body?.cancel();
      if (answer.ok) return true;
    } catch {
      // As if it had said no.
    }
    await pause(500 * 2 ** attempt);
  }
  return false;
}

async function flush(at) {
  if (flushing) return;
  flushing = true;
  try {
    while (queue.spans.length) {
      const traces = queue.traces.splice(0);
      const spans = queue.spans.splice(0);
      queue.bytes = 0;
      if (traces.length) await post(at, "/v1/private/traces/batch", `{"traces":[${traces.join()}]}`);
      const sent = await post(at, "/v1/private/spans/batch", `{"spans":[${spans.join()}]}`);
      counts[sent ? "exported" : "gave_up"] += spans.length;
    }
  } finally {
    flushing = false;
  }
}

/** Whoever comes first stays for the others, so that the last spans leave without another request. */
async function linger(at, now) {
  if (queue.spans.length >= BATCH_SPANS || queue.bytes >= BATCH_BYTES) return await flush(at);
  if (deadline > now) return;
  deadline = now + at.interval;
  await pause(at.interval);
  await flush(at);
}

export default {
  async fetch(request, env, ctx) {
    const at = read(env);
    const started = Date.now();
    const url = split(request.url);
    const place = decide(request.headers, started);
    const asked = new Request(at.origin + url.target, request);
    if (place.recorded) {
      for (const name of OPIK) asked.headers.set(name, place.trace);
      for (const name of PARENT) asked.headers.set(name, place.span);
      if (place.traceparent) asked.headers.set("traceparent", place.traceparent);
    }
    const close = (status, end) => {
      if (!place.recorded || !at.backend) return;
      const ended = Date.now();
      record(at, place, request, url, status, end, started, ended);
      return linger(at, ended);
    };
    let answer;
    try {
      answer = await fetch(asked, { redirect: "manual" });
    } catch {
      ctx.waitUntil(close(502, "upstream_reset"));
      return new Response("bad gateway", { status: 502 });
    }
    if (!answer.body || answer.webSocket) {
      ctx.waitUntil(close(answer.status, "complete"));
      return answer;
    }
    // A length that is known stays known, unless the runtime will have unpacked the body.
    const length = answer.headers.get("content-encoding") === null && answer.headers.get("content-length");
    const { readable, writable } = length ? new FixedLengthStream(+length) : new IdentityTransformStream();
    ctx.waitUntil(
      answer.body.pipeTo(writable).then(
        () => close(answer.status, "complete"),
        () => close(answer.status, "downstream_reset"),
      ),
    );
    return new Response(readable, answer);
  },
};
