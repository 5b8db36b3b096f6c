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

/** How long a body is going to be, as its headers say; null if they do not. A Worker behind a binding may write anything. */
export function lengthOf(headers) {
  const length = headers.get("content-length");
  return /^\d{1,15}$/.test(length ?? "") ? length : null;
}

function showing(isolate, show) {
  return new TransformStream({
    transform(chunk, controller) {
      attempt(isolate, () => show(chunk));
      controller.enqueue(chunk);
    },
  });
}
