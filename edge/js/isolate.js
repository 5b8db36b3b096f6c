// What all requests of an isolate share: the module, and what the JavaScript half needs to know of the configuration. The first request makes
// it, because the platform gives random bytes to requests only. It never holds an object of a request.
import { __wbg_reset_state as renew, Fallback, initSync, Worker } from "gatespan-core";
import module from "./index_bg.wasm";
import { environment } from "./environment.js";

let isolate;

/** What this isolate shares. If it has `faults`, the configuration is invalid, and there is nothing else but a `fallback`. */
export function isolateOf(env) {
  return (isolate ??= made(env));
}

function made(env) {
  let core, texts;
  try {
    texts = environment(env);
    initSync({ module });
    core = new Worker(texts);
  } catch (error) {
    // The module throws a text with the mistakes in the configuration. Anything else is a mistake of ours, and then nothing is forwarded.
    const isOurs = typeof error !== "string";
    const faults = isOurs ? [String(error)] : error.split("\n");
    for (const fault of faults) console.error(`gatespan: ${isOurs ? "" : "configuration: "}${fault}`);
    return { faults, fallback: isOurs ? undefined : new Fallback(texts) };
  }
  for (const warning of core.warnings()) console.warn(`gatespan: ${warning}`);
  const headers = core.headers();
  return {
    core,
    // How many spans are queued, for the log line when the module is lost: as of the last call, plus one for each span since.
    queued: 0,
    wanted: new Set(headers.filter((name) => !name.endsWith("*"))),
    prefixes: headers.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1)),
    origins: core.origins(),
    traceHeader: core.response_header(),
    pauses: core.pause_headers(),
    timeout: core.timeout(),
    hasStatus: core.has_status(),
  };
}

/**
 * The module failed in a call. After a panic, which unwinds, it can be used as before. After a trap it cannot, and what was queued is lost: the
 * next request makes a new module.
 */
export function failed(broken, error) {
  console.error(`gatespan: ${error?.stack ?? error}`);
  if (error?.name === "PanicError" || typeof error === "string" || broken.core === NO_CORE) return;
  console.error(`gatespan: the module is gone, and with it ${broken.queued} spans that were queued`);
  broken.core = NO_CORE;
  isolate = undefined;
  renew();
}

/** Calls the module. The request goes on if that fails. */
export function attempt(isolate, call) {
  try {
    call();
  } catch (error) {
    failed(isolate, error);
  }
}

/** Stands in for a module that is gone, for requests that are still under way: their numbers mean nothing to the next module. */
const NO_CORE = {
  close: () => -1,
  wait_ms: () => -1,
  poll: () => undefined,
  held_chunk: () => false,
  held_ms: () => 0,
  request_chunk: () => undefined,
  wanted_headers: () => "",
  response_headers: () => undefined,
  response_chunk: () => undefined,
  settle: () => undefined,
  settle_taken: () => undefined,
  consume: () => undefined,
  count_consumed: () => undefined,
  queued: () => 0,
};
