// A steady load: callers of every kind, each answer held against what the origin gave, and what the origin got against the
// laws.

import assert from "node:assert/strict";
import { Caller, TABLE, seen } from "./soak-callers.mjs";
import { open, send } from "./wire.mjs";

const CALLERS = 8;
/** Every so many requests one goes past the gateway. */
const PLAIN = 5;
const EVENTS = 5;
/** What is told of what went wrong; all of it is counted. */
const TOLD = 5;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Load {
  phase = "";
  requests = 0;
  plainRequests = 0;
  /** Requests that must be recorded, and those of which Opik's headers say that Opik gets no span. */
  recorded = 0;
  unannounced = 0;
  wrong = 0;
  told = [];
  /** The ids of spans that the origin was told of. */
  spans = [];
  opik = [];
  /** Milliseconds of whole answers by phase: by the gateway, and past it. */
  took = new Map();
  /** By `x-case`: what arrived and is not judged yet. */
  #arrived = new Map();
  #isOver = false;

  /** `rate` is requests a second. */
  constructor({ gate, plain, origin, rate }) {
    Object.assign(this, { gate, plain, origin, rate });
  }

  start() {
    this.callers = Array.from({ length: CALLERS }, (_, own) => this.#call(own));
  }

  /** Every request that was begun is answered behind this. */
  async stop() {
    this.#isOver = true;
    await Promise.all(this.callers);
    this.#gather();
    for (const name of this.#arrived.keys()) this.#tell(name, "it reached the origin again");
  }

  #tell(name, what) {
    this.wrong++;
    if (this.told.length < TOLD) this.told.push(`${name}: ${what}`.slice(0, 1000));
  }

  async #call(own) {
    const interval = (CALLERS / this.rate) * 1000;
    let due = performance.now() + (interval * own) / CALLERS;
    for (let turn = 0; ; turn++) {
      await pause(Math.max(0, due - performance.now()));
      if (this.#isOver) return;
      // Who is late does not hurry: a machine that is busy gets less to do.
      due = Math.max(due + interval, performance.now());
      const isPlain = turn % PLAIN === 0;
      // The callers begin at different rows.
      const row = TABLE.callers[isPlain ? 0 : (turn + 3 * own) % TABLE.callers.length];
      const caller = new Caller(row, `${isPlain ? "plain" : row.name}/${turn * CALLERS + own}`);
      try {
        await (isPlain ? this.#past(caller) : this.#through(caller));
      } catch (error) {
        this.#tell(caller.name, error.message);
      }
    }
  }

  async #past(caller) {
    this.plainRequests++;
    await this.#echo(caller, this.plain, 1);
    this.#take(caller);
  }

  async #through(caller) {
    this.requests++;
    if (caller.sampled) this.recorded++;
    await (APP[caller.row.app] ?? ((load) => load.#echo(caller, load.gate, 0)))(this, caller);
    const found = seen(caller, this.#take(caller));
    if (caller.sampled) {
      this.spans.push(found.span);
      if (!found.opik) this.unannounced++;
    }
    if (found.opik) this.opik.push(found.opik);
  }

  async #echo(caller, port, kind) {
    const body = caller.row.body && "x".repeat(caller.row.body);
    const begin = performance.now();
    const answer = await send(port, asked(caller, { body, method: body ? "POST" : "GET" }));
    const took = performance.now() - begin;
    assert.equal(answer.status, 200, answer.text);
    const { target, bytes } = answer.json();
    assert.deepEqual([target, bytes, answer.cut], [`/${caller.name}`, caller.row.body ?? 0, false]);
    if (!this.took.has(this.phase)) this.took.set(this.phase, [[], []]);
    this.took.get(this.phase)[kind].push(took);
  }

  #gather() {
    for (const one of this.origin.arrived.splice(0)) {
      const name = one.one("x-case");
      this.#arrived.set(name, [...(this.#arrived.get(name) ?? []), one]);
    }
  }

  /** What reached the origin of this request, and is forgotten then. */
  #take(caller) {
    const one = this.reached(caller);
    this.#arrived.delete(caller.name);
    return one;
  }

  reached(caller) {
    this.#gather();
    const found = this.#arrived.get(caller.name) ?? [];
    assert.equal(found.length, 1, `it reached the origin ${found.length} times`);
    return found[0];
  }
}

const asked = ({ name, lines }, { app, ...more }) => ({
  ...more,
  target: `/${name}`,
  lines: [...lines, `x-case: ${name}`, ...(app ? [`x-app: ${app}`] : [])],
});

const first = async (answer) => {
  while (!answer.chunks.length) await pause(5);
};

/** What the origin does for callers that do not want an echo. */
const APP = {
  async events(load, caller) {
    const answer = await open(load.gate, asked(caller, { app: `sse=${EVENTS}` }));
    await first(answer);
    load.reached(caller).release();
    await answer.end;
    const events = Array.from({ length: EVENTS }, (_, number) => `data: ${number}\n\n`).join("");
    assert.deepEqual([answer.status, answer.text, answer.cut], [200, `${events}data: end\n\n`, false]);
  },
  async leaves(load, caller) {
    const answer = await open(load.gate, asked(caller, { app: "stream" }));
    await first(answer);
    assert.equal(answer.status, 200);
    answer.leave();
  },
};
