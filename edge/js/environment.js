// What the module is told of a Worker's environment.

/** The texts of the environment and the names of its bindings, as JSON. Variables that are objects are JSON to us. */
export function environment(env) {
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
