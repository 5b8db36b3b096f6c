// The end of a span: it is seen once, whatever becomes of the request, and what is due then is carried to the backends.
import { Ending } from "gatespan-core";
import { deliver, PATIENCE_MS } from "./deliver.js";
import { failed } from "./isolate.js";

/** What is known of a request whose answer has no end that a Worker could see. */
const UNKNOWN = -1;

/**
 * A span that is open. The platform is asked to stay until it has ended, because it forgets a request whose caller has left;
 * when it does so all the same, the span ends as soon as that is noticed.
 */
export function opened(isolate, number, env, ctx) {
  // Whoever watches its bodies holds the key and not the span, which could not be forgotten then.
  const span = { isolate, number, key: { number }, env, done: undefined };
  ctx.waitUntil(new Promise((resolve) => (span.done = resolve)));
  forgotten.register(span, { isolate, number }, span);
  return span;
}

/** Nothing has it. */
export const NOBODYS = 0xffffffff;

/** Ends it. */
export function ended(span, ending, status, { grpc = null, bytes = null } = {}) {
  forgotten.unregister(span);
  // The number is given again, and an upload may outlast the answer.
  span.key.number = NOBODYS;
  const wait = close(span, ending, status, { grpc, bytes, patience: PATIENCE_MS });
  span.done(wait < 0 ? undefined : deliver(span.isolate, span.env, wait));
}

function close({ isolate, number }, ending, status, { grpc = null, bytes = null, patience }) {
  isolate.queued += 1;
  const [grpcStatus, length] = [grpc, bytes].map((text) => (/^\d+$/.test(text ?? "") ? +text : UNKNOWN));
  try {
    return isolate.core.close(number, ending, status, grpcStatus, length, Date.now(), patience);
  } catch (error) {
    failed(isolate, error);
    return UNKNOWN;
  }
}

/** Nobody can wait here, nor promise to: the next request carries it. */
const forgotten = new FinalizationRegistry((span) => close(span, Ending.CallerLeft, 0, { patience: 0 }));
