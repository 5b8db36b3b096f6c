// Calls to the backends. The platform has no timer outside of a request: after its response a request waits until a batch is due, and makes the
// calls with its own connections.
import { make } from "./call.js";
import { failed } from "./isolate.js";

/** How long a request may wait after its response. The platform allows 30 s, including the calls. */
export const MAX_WAIT_MS = 20_000;

/** Makes every call that is due, for as long as the platform allows it. No backend waits for another one. */
export async function deliver(isolate, env, wait) {
  const until = Date.now() + MAX_WAIT_MS;
  const calls = new Set();
  try {
    while (wait >= 0 || calls.size > 0) {
      // Whatever happens first: a batch is due, or a response arrives, after which the next call may be due.
      if (wait !== 0) await Promise.race(wait < 0 ? calls : [...calls, scheduler.wait(wait)]);
      // A call that the platform cuts off would be repeated, although the backend may have accepted it.
      for (let call; Date.now() < until && (call = isolate.core.poll(Date.now())); ) {
        const made = send(isolate, env, call).finally(() => calls.delete(made));
        calls.add(made);
      }
      isolate.queued = isolate.core.queued();
      wait = Date.now() < until ? isolate.core.wait_ms(Date.now(), until - Date.now()) : NEVER;
    }
  } catch (error) {
    failed(isolate, error);
  }
}

async function send(isolate, env, call) {
  if (call.url() !== undefined) return make(isolate, isolate.core, call);
  const body = call.body();
  // The Queue would refuse it. The core cuts a batch in two that was too large.
  if (body.length > MAX_MESSAGE_BYTES) {
    call.set_response(TOO_LARGE, "", NOTHING);
    return isolate.core.settle(call, Date.now());
  }
  try {
    await env.GATESPAN_QUEUE.send(body, { contentType: "bytes" });
    isolate.core.settle_taken(call, Date.now());
  } catch (error) {
    console.warn(`gatespan: the Queue took nothing: ${error}`);
    isolate.core.settle(call, Date.now());
  }
}

/** The core returns this if there is nothing to wait for. */
const NEVER = -1;
const MAX_MESSAGE_BYTES = 128_000;
const TOO_LARGE = 413;
const NOTHING = new Uint8Array();
