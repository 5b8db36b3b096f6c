// Bodies that the core reads. The client and the origin get every chunk unchanged and at once, whatever the core makes of it.
import { attempt } from "./isolate.js";

/** The body of a request. */
export function readRequest({ isolate, key }, body) {
  return body.pipeThrough(passing(isolate, (chunk) => isolate.core.request_chunk(key.number, chunk)));
}

/** The response begins. */
export function readResponseHeaders({ isolate, key }, { status, headers }) {
  attempt(isolate, () => {
    const names = isolate.core.wanted_headers(key.number).split("\n").filter(Boolean);
    isolate.core.response_headers(key.number, status, names.map((name) => headers.get(name) ?? "").join("\n"));
  });
}

/** The body of a response. */
export function readResponse({ isolate, key }, body) {
  return body.pipeThrough(passing(isolate, (chunk) => isolate.core.response_chunk(key.number, chunk, Date.now())));
}

/** The length that headers give a body; null if they give none. It is true of a body that was received over HTTP. */
export function lengthOf(headers) {
  const length = headers.get("content-length");
  return /^\d{1,15}$/.test(length ?? "") ? Number(length) : null;
}

/**
 * The length of a request's body before it is read; null if it is unknown. A Worker that calls ours through a binding may have replaced the
 * body and kept `content-length`, and no request shows whether it came from a Worker. The runtime knows the true length, and shows it where a
 * stream is printed.
 */
export function requestLength({ body, headers }) {
  return SHOWN === undefined ? lengthOf(headers) : (body[SHOWN] ?? null);
}

const SHOWN = Object.getOwnPropertySymbols(ReadableStream.prototype).find(({ description }) => description === "length");

function passing(isolate, read) {
  return new TransformStream({
    transform(chunk, controller) {
      attempt(isolate, () => read(chunk));
      controller.enqueue(chunk);
    },
  });
}
