// A test with a stage: what it starts is ended behind it, and tells about itself when the test fails.

import test from "node:test";
import { Child } from "./child.mjs";
import { Collector } from "./collector.mjs";
import { Envoy } from "./envoy.mjs";
import { Origin } from "./origin.mjs";
import { Served } from "./serve.mjs";
import { Workers, gateway } from "./worker.mjs";

export class Stage {
  #actors = [];

  async add(actor) {
    this.#actors.push(actor);
    await actor.start?.();
    return actor;
  }

  origin(usual) {
    return this.add(new Origin(usual));
  }

  collector(...options) {
    return this.add(new Collector(...options));
  }

  child(name, command, options) {
    return this.add(new Child(name, command, options));
  }

  /** One Worker in front of one origin. */
  worker(options) {
    return this.workers([gateway({ ...options, origin: options.origin?.url ?? options.origin })]);
  }

  workers(list, options) {
    return this.add(new Workers(list, options));
  }

  /** The same in the bare runtime. */
  served({ config = {}, origin, bindings, ...more }) {
    return this.add(
      new Served({ ...more, bindings: { GATESPAN_CONFIG: config, ORIGIN: origin.url ?? origin, ...bindings } }),
    );
  }

  envoy(options) {
    return this.add(new Envoy(options));
  }

  /** What must hold behind every test. */
  async balance() {
    for (const actor of this.#actors) await actor.balance?.();
  }

  report() {
    return this.#actors.map((actor) => actor.report?.()).join("\n\n");
  }

  /** In the order opposite to that of the beginning. */
  async end() {
    for (const actor of this.#actors.reverse()) await actor.stop();
  }
}

/** Longer than any wait inside, which says what it waited for. */
const LONGEST = 90_000;

export function proof(name, run) {
  test(name, async (context) => {
    const stage = new Stage();
    // Not the runner's own limit, behind which nobody would end what was started.
    let late;
    const limit = new Promise((_, reject) => {
      late = setTimeout(() => reject(new Error(`not done after ${LONGEST} ms`)), LONGEST);
    });
    try {
      await Promise.race([run(stage, context).then(() => stage.balance()), limit]);
    } catch (error) {
      console.error(`── ${name} failed; what there was:\n${stage.report()}\n──`);
      throw error;
    } finally {
      clearTimeout(late);
      await stage.end();
    }
  });
}
