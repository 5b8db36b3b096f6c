// Bodies that pass are shown to the core, piece by piece, where the rule wants them read. They go on as they are, at their
// own pace, and whatever becomes of the reading.
import { attempt } from "./isolate.js";

/** The body of a request. */
export function observedRequest({ isolate, key }, body) {
  return body.pipeThrough(showing(isolate, (chunk) => isolate.core.observe_request(key.number, chunk)));
}

/** An answer begins. */
export function answers({ isolate, key }, { status, headers }) {
  attempt(isolate, () => {
    const names = isolate.core.wanted(key.number).split("\n").filter(Boolean);
    isolate.core.observe_answer(key.number, status, names.map((name) => headers.get(name) ?? "").join("\n"));
  });
}

/** The body of an answer. */
export function observedAnswer({ isolate, key }, body) {
  return body.pipeThrough(showing(isolate, (chunk) => isolate.core.observe(key.number, chunk, Date.now())));
}

/** The length that headers give a body; null if they give none. It is true of a body that was received over HTTP. */
export function lengthOf(headers) {
  const length = headers.get("content-length");
  return /^\d{1,15}$/.test(length ?? "") ? Number(length) : null;
}

/**
 * The length of a request's body before it is read; null if it is unknown. A Worker that binds ours may have
 * replaced the body and kept `content-length`, and no request shows whether it came from a Worker. The runtime knows the
 * true length, because it sends it on with a body that is handed over untouched, and shows it where a stream is printed.
 */
export function requestLength({ body, headers }) {
  return SHOWN === undefined ? lengthOf(headers) : (body[SHOWN] ?? null);
}

const SHOWN = Object.getOwnPropertySymbols(ReadableStream.prototype).find(({ description }) => description === "length");

function showing(isolate, show) {
  return new TransformStream({
    transform(chunk, controller) {
      attempt(isolate, () => show(chunk));
      controller.enqueue(chunk);
    },
  });
}
