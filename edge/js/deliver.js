// The way to the backends. There are no timers outside of a request, so some request waits, after its answer, until the
// batch is ripe, and makes the calls with its own connections.
import { failed } from "./isolate.js";

/** How long after its answer a request may still wait: the platform allows 30 s, the calls included. */
export const PATIENCE_MS = 20_000;

/** Waits, makes every call that is due, and goes on as long as the platform lets it. */
export async function deliver(isolate, wait) {
  const until = Date.now() + PATIENCE_MS;
  try {
    while (wait >= 0) {
      if (wait > 0) await scheduler.wait(wait);
      const calls = [];
      for (let call; (call = isolate.core.poll(Date.now())); ) calls.push(make(isolate, call));
      await Promise.all(calls);
      wait = isolate.core.wait(Date.now(), until - Date.now());
    }
  } catch (error) {
    failed(isolate, error);
  }
}

async function make(isolate, call) {
  let status = 0;
  let pause;
  try {
    const headers = call.headers();
    const response = await fetch(call.url(), {
      method: "POST",
      headers: Array.from({ length: headers.length / 2 }, (_, at) => headers.slice(2 * at, 2 * at + 2)),
      body: call.body(),
      redirect: "manual",
      signal: AbortSignal.timeout(isolate.timeout),
    });
    ({ status } = response);
    pause = isolate.pauses.map((name) => response.headers.get(name)).find((text) => /^\d{1,9}$/.test(text ?? ""));
    // A body that nobody reads holds one of the six connections of this request.
    await response.body?.cancel();
  } catch (error) {
    console.warn(`gatespan: no answer from the backend: ${error}`);
  }
  isolate.core.settle(call, status, pause === undefined ? undefined : +pause, Date.now());
}
