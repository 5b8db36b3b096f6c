// Bodies that pass are shown to the core, piece by piece, where the rule wants them read. They go on as they are, at their
// own pace, and whatever becomes of the reading.
import { failed } from "./isolate.js";

/** The body of a request, of the same length. */
export function observedRequest({ isolate, key }, { body, headers }) {
  const shown = body.pipeThrough(showing(isolate, (chunk) => isolate.core.observe_request(key.number, chunk)));
  const bytes = lengthOf(headers);
  return bytes === null ? shown : shown.pipeThrough(new FixedLengthStream(+bytes));
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

function attempt(isolate, show) {
  try {
    show();
  } catch (error) {
    failed(isolate, error);
  }
}
