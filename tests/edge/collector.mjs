// The local stand-in for the backends (tests/sink), as a process; its read-back.

import { Child } from "./child.mjs";
import { told } from "./places.mjs";

export class Collector extends Child {
  constructor(...options) {
    super("sink", [told("GATESPAN_SINK"), "--listen", "127.0.0.1:0", ...options]);
  }

  async start() {
    this.url = (await this.until(() => this.log.match(/^sink (http:\S+)$/m)))[1];
    return this;
  }

  async ask(path, body) {
    const answer = await fetch(this.url + path, body === undefined ? {} : { method: "POST", body });
    // /read/wait answers 504 when it waited in vain; the counts are in it all the same.
    if (!answer.ok && answer.status !== 504) throw new Error(`sink: ${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text ? JSON.parse(text) : null;
  }

  /** See tests/sink/src/fault.rs for the steps; none of them ends all trouble. */
  async fault(...steps) {
    await this.ask("/control/fault", JSON.stringify(steps));
  }

  async reset() {
    await this.ask("/control/reset", "");
  }

  /** Whether that many rows came in time; `traces` and `spans` are Opik's. */
  async wait({ seconds = 10, trace, ...counts }) {
    const asked = { ...counts, ...(trace && { trace }), ms: Math.round(seconds * 1000) };
    return (await this.ask(`/read/wait?${new URLSearchParams(asked)}`)).reached;
  }

  async traces(of = {}) {
    return chosen((await this.ask("/read/traces")).traces, of);
  }

  async spans(of = {}) {
    return chosen((await this.ask("/read/spans")).spans, of);
  }

  /** Spans that came by OTLP: ids in hex, `attributes` as a map; see tests/sink/src/lib.rs. */
  async otlp(of = {}) {
    return chosen((await this.ask("/read/otlp")).spans, of);
  }

  /** `spans` in the words of OTLP's, each with what was `sent`; those that were `lost` in silence. */
  async lilypad() {
    return await this.ask("/read/lilypad");
  }

  /** Sums for each system: requests, taken, items, refused, broken, faults. */
  async counters() {
    return await this.ask("/read/counters");
  }

  async requests() {
    return (await this.ask("/read/requests")).requests;
  }

  /** The request lines of all that came with this word, byte for byte, in head or body. */
  async holding(word) {
    const { requests, searched, forgotten } = await this.ask(`/read/holding?word=${word}`);
    if (!searched || forgotten) throw new Error(`${searched} requests were searched, and ${forgotten} are gone`);
    return requests;
  }

  async refused() {
    return (await this.ask("/read/refused")).refused;
  }

  async tree(trace) {
    return await this.ask(`/read/tree?trace=${trace}`);
  }
}

const chosen = (rows, of) => rows.filter((row) => Object.entries(of).every(([name, value]) => row[name] === value));
