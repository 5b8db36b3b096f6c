// The way to the backends. There are no timers outside of a request, so some request waits, after its answer, until the
// batch is ripe, and makes the calls with its own connections.
import { make } from "./call.js";
import { failed } from "./isolate.js";

/** How long after its answer a request may still wait: the platform allows 30 s, the calls included. */
export const PATIENCE_MS = 20_000;

/** Makes every call that is due, and goes on as long as the platform lets it. No backend waits for the answer of another. */
export async function deliver(isolate, env, wait) {
  const until = Date.now() + PATIENCE_MS;
  const calls = new Set();
  try {
    while (wait >= 0 || calls.size > 0) {
      // Whatever comes first: a batch that is ripe, or an answer, behind which the next call may be due.
      if (wait !== 0) await Promise.race(wait < 0 ? calls : [...calls, scheduler.wait(wait)]);
      // A call that the platform cuts off would be made again, although it may have been taken.
      for (let call; Date.now() < until && (call = isolate.core.poll(Date.now())); ) {
        const made = carry(isolate, env, call).finally(() => calls.delete(made));
        calls.add(made);
      }
      isolate.queued = isolate.core.queued();
      wait = Date.now() < until ? isolate.core.wait(Date.now(), until - Date.now()) : NEVER;
    }
  } catch (error) {
    failed(isolate, error);
  }
}

async function carry(isolate, env, call) {
  if (call.url() !== undefined) return make(isolate, isolate.core, call);
  const body = call.body();
  // It could only be refused: the one answer to it is to cut it in two.
  if (body.length > LARGEST_MESSAGE) {
    call.answered(TOO_LARGE, "", NOTHING);
    return isolate.core.settle(call, Date.now());
  }
  try {
    await env.GATESPAN_QUEUE.send(body, { contentType: "bytes" });
    isolate.core.taken(call, Date.now());
  } catch (error) {
    console.warn(`gatespan: the Queue took nothing: ${error}`);
    isolate.core.settle(call, Date.now());
  }
}

/** What the core says when there is nothing to wait for. */
const NEVER = -1;
const LARGEST_MESSAGE = 128_000;
const TOO_LARGE = 413;
const NOTHING = new Uint8Array();
