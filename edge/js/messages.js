// For Workers that put messages on a Queue and consume them: a message carries the trace under the header names of a request. The Worker's
// GATESPAN_CONFIG sets the formats; the default is Opik and W3C.
import { initSync, Messages } from "gatespan-core";
import module from "./index_bg.wasm";
import { environment } from "./environment.js";

let core;

/** `inject` and `extract` for the Worker with this environment. Throws a `ConfigError` if the configuration is faulty. */
export function messages(env) {
  core ??= asError("ConfigError", "GATESPAN_CONFIG is faulty: ", () => {
    initSync({ module });
    return new Messages(environment(env));
  });
  return { inject, extract };
}

/** Makes a call, and an `Error` with this name of a text that the module throws. */
function asError(name, beginning, call) {
  try {
    return call();
  } catch (error) {
    if (typeof error !== "string") throw error;
    throw Object.assign(new Error(`${beginning}${error}`), { name });
  }
}

/**
 * What goes along with a message: the trace of these headers, or a new one, put into `carrier`. Throws a `TraceContextError`
 * if the default rule rejects the headers, and so does `extract`.
 */
function inject(headers, carrier = {}) {
  return Object.assign(carrier, carry(headers));
}

/** The headers of a message for the calls that are made on its behalf. What is no id is not passed on. */
function extract(carrier) {
  return carry(carrier ?? {});
}

function carry(headers) {
  const pairs = typeof headers.entries === "function" ? [...headers.entries()] : Object.entries(headers);
  const texts = pairs.filter(([, value]) => typeof value === "string" && !value.includes("\n"));
  const facts = texts.map(([name, value]) => `\n${name.toLowerCase()}\n${value}`).join("");
  const carried = asError("TraceContextError", "cannot carry the trace: ", () =>
    core.carry(`\nmessage://queue/${facts}`, Date.now()),
  );
  const lines = carried.split("\n");
  return Object.fromEntries(Array.from({ length: lines.length >> 1 }, (_, at) => lines.slice(2 * at, 2 * at + 2)));
}
