// Workers in a real workerd, by Miniflare's API.
//
// Requests go to sockets of the Workers themselves: Miniflare's own entry would add headers to them, and outgoing calls
// are left as the Worker makes them.

import assert from "node:assert/strict";
import { until } from "./child.mjs";
import { Log, LogLevel, Miniflare, SHIPPED, bundle, compatibility } from "./places.mjs";
import { send } from "./wire.mjs";

/** The address of the client as the platform tells it. */
export const PEER = "cf-connecting-ip";

/** A Worker for `Workers`: the bundle with its variables. `config` is a document, or a text for what is none. */
export function gateway({ name = "gatespan", config = {}, origin, bindings = {}, folder = SHIPPED, ...more }) {
  return {
    name,
    modules: bundle(folder),
    modulesRoot: "/",
    ...compatibility(),
    bindings: { GATESPAN_CONFIG: config, ...(origin ? { ORIGIN: origin } : {}), ...bindings },
    ...more,
  };
}

/** A backend, for a configuration. */
export const opik = (collector, more = {}) => ({
  kind: "opik",
  url: `${collector.url ?? collector}/api`,
  project: "edge",
  ...more,
});

/** The variables that switch the status route on, and what one shows to see it. */
const STATUS = { path: "/__gatespan/status", secret: "a secret of the tests" };
export const WATCHED = { GATESPAN_STATUS_PATH: STATUS.path, GATESPAN_STATUS_SECRET: STATUS.secret };

export const status = (port, lines = [`authorization: Bearer ${STATUS.secret}`]) =>
  send(port, { target: STATUS.path, lines });

/** The counters of an isolate, without our prefix. Recorded is the sum of the rest whenever one looks. */
export async function counters(port) {
  const answer = await status(port);
  assert.equal(answer.status, 200, answer.text);
  const all = Object.entries(answer.json()).map(([name, value]) => [name.replace(/^gatespan\./, ""), value]);
  const counted = Object.fromEntries(all);
  // For each backend, and for what a Queue has brought. Without a backend there are no spans to count.
  const recorded = Object.keys(counted).filter((name) => name.endsWith("spans.recorded"));
  for (const of of recorded.map((name) => name.slice(0, -"spans.recorded".length))) {
    const all = counted[`${of}spans.exported`] + dropped(counted, of) + counted[`${of}queue.spans`];
    assert.equal(counted[`${of}spans.recorded`], all, answer.text);
  }
  return counted;
}

export const dropped = (counted, of = "") =>
  Object.entries(counted).reduce(
    (sum, [name, value]) => sum + (name.startsWith(`${of}spans.dropped.reason.`) ? value : 0),
    0,
  );

/** Waits until that many spans were recorded and none is queued. */
export async function settled(port, spans, seconds = 25) {
  let counted;
  await until(
    async () => {
      counted = await counters(port);
      return counted["spans.recorded"] === spans && counted["queue.spans"] === 0;
    },
    `${spans} spans to be settled`,
    seconds,
    () => JSON.stringify(counted, null, 1),
  );
  return counted;
}

export class Workers {
  constructor(workers, options = {}) {
    this.output = "";
    const said = (stream) => stream.on("data", (part) => (this.output += part));
    const sockets = { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }], stripCfConnectingIp: false };
    this.names = workers.map(({ name }) => name);
    this.watched = workers.filter(({ bindings }) => bindings?.GATESPAN_STATUS_PATH === STATUS.path).map(({ name }) => name);
    this.miniflare = new Miniflare({
      log: new Log(LogLevel.NONE),
      // Otherwise asked from the network.
      cf: false,
      handleRuntimeStdio: (out, error) => [out, error].forEach(said),
      workers: workers.map((worker) => ({ ...sockets, ...worker })),
      ...options,
    });
  }

  async start() {
    await this.miniflare.ready;
    const urls = await Promise.all(this.names.map((name) => this.miniflare.unsafeGetDirectURL(name)));
    this.ports = Object.fromEntries(urls.map((url, at) => [this.names[at], Number(url.port)]));
    this.port = this.ports[this.names[0]];
    return this;
  }

  /** Fails unless every span is accounted for, whatever was done to these Workers. */
  async balance() {
    if (this.isOver) return;
    for (const name of this.watched) await counters(this.ports[name]);
  }

  async stop() {
    if (this.isOver) return;
    this.isOver = true;
    await this.miniflare.dispose();
  }

  report() {
    return `workerd:\n${this.output.slice(-8000)}`;
  }
}
