// Workers in a real workerd, by Miniflare's API.
//
// Requests go to sockets of the Workers themselves: Miniflare's own entry would add headers to them, and outgoing calls
// are left as the Worker makes them.

import { Log, LogLevel, Miniflare, SHIPPED, bundle, compatibility } from "./places.mjs";

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
export const opik = (collector, more = {}) => ({ kind: "opik", url: `${collector.url ?? collector}/api`, project: "edge", ...more });

export class Workers {
    constructor(workers, options = {}) {
        this.output = "";
        const said = (stream) => stream.on("data", (part) => (this.output += part));
        const sockets = { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }], stripCfConnectingIp: false };
        this.names = workers.map(({ name }) => name);
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

    async stop() {
        await this.miniflare.dispose();
    }

    report() {
        return `workerd:\n${this.output.slice(-8000)}`;
    }
}
