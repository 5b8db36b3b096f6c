// For Workers that put messages on a Queue and take them off again: the trace goes along under the names that it has in
// requests. The Worker's own GATESPAN_CONFIG says which formats are read and written; without one it is Opik and W3C.
import { initSync, Messages } from "gatespan-core";
import module from "./index_bg.wasm";
import { environment } from "./environment.js";

let core;

/** `inject` and `extract` for the Worker with this environment. Throws if the configuration is faulty. */
export function messages(env) {
  if (core === undefined) {
    initSync({ module });
    core = new Messages(environment(env));
  }
  return { inject, extract };
}

/** What goes along with a message: the trace of these headers, or a new one, put into `carrier`. */
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
  const lines = core.carry(`\nmessage://queue/${facts}`, Date.now()).split("\n");
  return Object.fromEntries(Array.from({ length: lines.length >> 1 }, (_, at) => lines.slice(2 * at, 2 * at + 2)));
}
