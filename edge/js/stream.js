// A recorded request, until it ends. It ends once, whatever happens, and calls that are due then are made.
import { Ending } from "gatespan-core";
import { deliver, MAX_WAIT_MS } from "./deliver.js";
import { failed } from "./isolate.js";

/** A number that the core reads as "unknown". */
const UNKNOWN = -1;

/**
 * Begins a recorded request. `waitUntil` keeps it, because the platform forgets a request whose client has left. If the platform forgets it all
 * the same, it ends when that is noticed.
 */
export function begin(isolate, number, env, ctx) {
  // What reads the bodies holds the key and not the stream, which could not be forgotten otherwise.
  const stream = { isolate, number, key: { number }, env, done: undefined };
  ctx.waitUntil(new Promise((resolve) => (stream.done = resolve)));
  forgotten.register(stream, { isolate, number }, stream);
  return stream;
}

/** The number of no stream. */
const NO_STREAM = 0xffffffff;

/** Ends a request. */
export function end(stream, ending, status, { grpc = null, bytes = null } = {}) {
  forgotten.unregister(stream);
  // The number will be used again, and an upload may last longer than the response.
  stream.key.number = NO_STREAM;
  const wait = close(stream, ending, status, { grpc, bytes, limit: MAX_WAIT_MS });
  stream.done(wait < 0 ? undefined : deliver(stream.isolate, stream.env, wait));
}

function close({ isolate, number }, ending, status, { grpc = null, bytes = null, limit }) {
  isolate.queued += 1;
  const [grpcStatus, length] = [grpc, bytes].map((text) => (/^\d+$/.test(text ?? "") ? +text : UNKNOWN));
  try {
    return isolate.core.close(number, ending, status, grpcStatus, length, Date.now(), limit);
  } catch (error) {
    failed(isolate, error);
    return UNKNOWN;
  }
}

/** Here no request can wait, so the next one makes the calls. */
const forgotten = new FinalizationRegistry((stream) => close(stream, Ending.ClientLeft, 0, { limit: 0 }));
