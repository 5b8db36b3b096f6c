// What all requests of an isolate share: the module, and what of the configuration the JavaScript half has to know. It is
// made by the first request, because the platform gives random bytes only to requests, and it never holds an object of one.
import { initSync, Worker } from "gatespan-core";
import module from "./index_bg.wasm";

let isolate;

/** The isolate's own; its `faults` say why there is nothing else. */
export function isolateOf(env) {
  return (isolate ??= made(env));
}

function made(env) {
  try {
    initSync({ module });
    const core = new Worker(environment(env));
    const headers = core.headers();
    return {
      core,
      wanted: new Set(headers.filter((name) => !name.endsWith("*"))),
      beginnings: headers.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1)),
      origins: core.origins(),
      exposing: core.response_header(),
      pauses: core.pause_headers(),
      timeout: core.timeout(),
    };
  } catch (error) {
    // A text is the list of faults; anything else is a fault of ours.
    const faults = typeof error === "string" ? error.split("\n") : [String(error)];
    for (const fault of faults) console.error(`gatespan: configuration: ${fault}`);
    return { faults };
  }
}

/** The texts of the environment and the names of the bindings. Variables that are objects are JSON to us. */
function environment(env) {
  const texts = {};
  const bindings = [];
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === "string") texts[name] = value;
    else if (isPlain(value)) texts[name] = JSON.stringify(value);
    else bindings.push(name);
  }
  return JSON.stringify([texts, bindings]);
}

function isPlain(value) {
  if (typeof value !== "object" || value === null) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
