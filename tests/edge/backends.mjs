// Backends other than Opik's own API, for configurations, and what a Worker counts of each.

import { until } from "./child.mjs";
import { counters, dropped } from "./worker.mjs";

/** Lilypad's project, which is a UUID, and its key. */
export const PROJECT = "019cae0b-ba4d-7c41-9a3e-5d0f6b72e814";
export const KEY = "a key of Lilypad";

export const otlp = ({ url }, more = {}) => ({ kind: "otlp", url, ...more });

/** Opik's own receiver of OTLP. */
export const otlpOpik = ({ url }, more = {}) => otlp({ url: `${url}/api/v1/private/otel` }, more);

export const lilypad = ({ url }, more = {}) => ({
  kind: "lilypad",
  url: `${url}/v0`,
  project_id: PROJECT,
  api_key: KEY,
  ...more,
});

/** The counters of one backend, under the plain names. What it recorded is the sum of the rest. */
export function of(counted, backend) {
  const prefix = `backend.${backend}.`;
  const own = Object.entries(counted).filter(([name]) => name.startsWith(prefix));
  const plain = Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
  const settled = plain["spans.exported"] + dropped(plain);
  if (plain["spans.recorded"] !== settled + plain["queue.spans"]) throw new Error(JSON.stringify(counted, null, 1));
  return plain;
}

/** Waits until that holds for what is counted of each of these backends. */
export async function eventually(port, names, holds, seconds = 20) {
  let counted;
  await until(
    async () => {
      counted = await counters(port);
      return names.every((name) => holds(of(counted, name)));
    },
    `what is counted of ${names}`,
    seconds,
    () => JSON.stringify(counted, null, 1),
  );
  return counted;
}

export const isSettled = (spans) => (own) => own["spans.recorded"] === spans && own["queue.spans"] === 0;
