// What the module is told of a Worker's environment.

/** By these a binding is called: a service by `fetch`, a Queue by `send`. */
const METHODS = ["fetch", "send"];

/** The texts of the environment, and its bindings with their methods, as JSON. Variables that are objects are JSON to us. */
export function environment(env) {
  const texts = {};
  const bindings = [];
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === "string") texts[name] = value;
    else if (isPlain(value)) texts[name] = JSON.stringify(value);
    else bindings.push(name, ...methods(name, value));
  }
  return JSON.stringify([texts, bindings]);
}

function methods(name, binding) {
  return METHODS.filter((method) => typeof binding[method] === "function").map((method) => `${name}.${method}`);
}

function isPlain(value) {
  if (typeof value === "function") return false;
  if (typeof value !== "object" || value === null) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
