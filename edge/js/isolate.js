// What all requests of an isolate share: the module, and what the JavaScript half has to know of the configuration. It is
// made by the first request, because the platform gives random bytes to requests alone, and never holds an object of one.
import { __wbg_reset_state as renew, Fallback, initSync, Worker } from "gatespan-core";
import module from "./index_bg.wasm";
import { environment } from "./environment.js";

let isolate;

/** The isolate's own; its `faults` say why there is nothing else but a `fallback`. */
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
    // A text is the list of faults; anything else is a fault of ours, in face of which nobody has said what may pass.
    const isOurs = typeof error !== "string";
    const faults = isOurs ? [String(error)] : error.split("\n");
    for (const fault of faults) console.error(`gatespan: ${isOurs ? "" : "configuration: "}${fault}`);
    return { faults, fallback: isOurs ? undefined : new Fallback(texts) };
  }
  for (const warning of core.warnings()) console.warn(`gatespan: ${warning}`);
  const headers = core.headers();
  return {
    core,
    readsAhead: core.reads_ahead(),
    // A module that is gone cannot be asked what it had. Since it was last asked, one more for each span that ended.
    queued: 0,
    wanted: new Set(headers.filter((name) => !name.endsWith("*"))),
    beginnings: headers.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1)),
    origins: core.origins(),
    exposing: core.response_header(),
    pauses: core.pause_headers(),
    timeout: core.timeout(),
    hasStatus: core.has_status(),
  };
}

/**
 * The module failed in a call. After a panic, which unwinds, it is as good as before. After a trap it is not, and what was
 * queued is lost: the next request makes a new one, and those under way find nobody.
 */
export function failed(broken, error) {
  console.error(`gatespan: ${error?.stack ?? error}`);
  if (error?.name === "PanicError" || typeof error === "string" || broken.core === NOBODY) return;
  console.error(`gatespan: the module is gone, and with it ${broken.queued} spans that were queued`);
  broken.core = NOBODY;
  isolate = undefined;
  renew();
}

/** Calls the module, and goes on without it if that fails. */
export function attempt(isolate, call) {
  try {
    call();
  } catch (error) {
    failed(isolate, error);
  }
}

/** Takes the calls of requests that have outlived their module: the numbers that they hold mean nothing to the next one. */
const NOBODY = {
  close: () => -1,
  wait: () => -1,
  poll: () => undefined,
  awaits: () => false,
  observe_request: () => undefined,
  wanted: () => "",
  observe_answer: () => undefined,
  observe: () => undefined,
  settle: () => undefined,
  taken: () => undefined,
  courier: () => undefined,
  brought: () => undefined,
  queued: () => 0,
};
