// A Queue that fails in the middle: what it took is delivered, and so is what it did not take. A span may be sent twice then,
// with the same ids and the same content, so that a backend that files by ids has it once.

import assert from "node:assert/strict";
import http from "node:http";
import { until } from "./child.mjs";
import { compatibility } from "./places.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { WATCHED, counters, gateway, opik } from "./worker.mjs";

/** A backend that keeps what it got: by id, every content under which that id arrived. */
class Keeper {
  rows = { traces: new Map(), spans: new Map() };
  /** How many items each call brought. */
  calls = [];
  /** The statuses of the next calls with spans; then 204. */
  answers = [];

  async start() {
    this.server = http.createServer(async (asked, answer) => {
      const parts = await asked.toArray();
      const [[kind, items]] = Object.entries(JSON.parse(Buffer.concat(parts)));
      const status = (kind === "spans" && this.answers.shift()) || 204;
      this.calls.push(`${kind} ${items.length}: ${status}`);
      if (status === 204) for (const item of items) this.keep(kind, item);
      answer.writeHead(status).end();
    });
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  }

  keep(kind, item) {
    const contents = this.rows[kind].get(item.id) ?? new Map();
    const content = JSON.stringify(item);
    contents.set(content, (contents.get(content) ?? 0) + 1);
    this.rows[kind].set(item.id, contents);
  }

  /** Fails if an id arrived with two contents. How often each arrived. */
  copies(kind) {
    return [...this.rows[kind]].map(([id, contents]) => {
      assert.equal(contents.size, 1, `${kind} ${id} arrived as ${[...contents.keys()].join("\n")}`);
      return [...contents.values()][0];
    });
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  report() {
    return `keeper: ${this.calls.join(", ")}`;
  }
}

/** A Queue that takes the first messages of a list and fails then, as often as it is told. */
const HALF = `
  import { WorkerEntrypoint } from "cloudflare:workers";
  const taken = [];
  let failures = FAILURES;
  export default class extends WorkerEntrypoint {
    send(body) { taken.push([...body]); }
    sendBatch(messages) {
      const some = failures > 0 ? messages.slice(0, MOST) : messages;
      taken.push(...some.map(({ body }) => [...body]));
      if (failures-- > 0) throw new Error("failed in the middle");
    }
    fetch() { return Response.json(taken.splice(0)); }
  }`;

const half = (most, failures) => HALF.replace("MOST", most).replace("FAILURES", failures);

async function stageOf(stage, script) {
  const origin = await stage.origin();
  const keeper = await stage.add(new Keeper());
  // All four in one batch, and what fails is not tried again by itself.
  const settings = { interval_ms: 15_000, batch_spans: 4, backoff_ms: 30_000 };
  const config = { backend: opik(keeper.url, { via: "queue" }), export: settings };
  const front = gateway({ config, origin: origin.url, bindings: WATCHED, serviceBindings: { GATESPAN_QUEUE: "half" } });
  const queue = { name: "half", modules: true, script, ...compatibility() };
  const { miniflare, port, ports } = await stage.workers([front, queue]);
  for (let number = 0; number < 4; number++) assert.equal((await send(port, { target: `/${number}` })).status, 200);
  const taken = async () => (await send(ports.half)).json().map((body) => new Uint8Array(body));
  let messages = [];
  await until(async () => (messages = await taken()).length > 0, "the message of the batch");
  assert.equal(messages.length, 1);
  const worker = await miniflare.getWorker("gatespan");
  /** Brings a message; whether it was acknowledged, or the Queue has to bring it again. */
  const bring = async (body, attempts) => {
    const messages = [{ id: "1", timestamp: new Date(), attempts, body }];
    const { outcome, explicitAcks, retryMessages } = await worker.queue("gatespan", messages);
    assert.equal(outcome, "ok");
    assert.equal(explicitAcks.length + retryMessages.length, 1);
    return explicitAcks.length === 1;
  };
  return { keeper, port, message: messages[0], taken, bring, ids: origin.arrived.map((one) => one.one("opik_parent_span_id")) };
}

/** The first half of the first half is stored; then the backend fails. Two messages are left. */
const PARTLY = [413, 413, 204, 500];

for (const [what, most, order] of [
  ["nothing", 0, ["message"]],
  ["one of two messages", 1, ["message", "rest"]],
  ["one of two messages, which comes first", 1, ["rest", "message"]],
  ["all messages", 2, ["rest", "message"]],
]) {
  proof(`Queue that fails after it took ${what}: every span is stored once`, async (stage) => {
    const { keeper, port, message, taken, bring, ids } = await stageOf(stage, half(most, 100));
    keeper.answers = [...PARTLY];
    assert.equal(await bring(message, 1), false, "so the Queue brings all of it again");
    assert.deepEqual(keeper.calls, ["traces 4: 204", "spans 4: 413", "spans 2: 413", "spans 1: 204", "spans 1: 500"]);
    const rest = await taken();
    for (const part of order) {
      for (const body of part === "rest" ? rest : [message]) {
        const attempts = part === "rest" ? 1 : 2;
        assert.equal(await bring(body, attempts), true);
      }
    }
    assert.deepEqual([...keeper.rows.spans.keys()].sort(), [...ids].sort());
    // The one that was stored before is sent twice, and so is what the Queue took.
    const more = keeper.copies("spans").filter((copies) => copies > 1);
    assert.equal(more.length, [1, 2, 4][most], keeper.calls.join());
    assert.equal(keeper.copies("traces").length, 4);
    const counted = await counters(port);
    assert.equal(counted["brought.spans.dropped.reason.refused"], 0);
  });
}

proof("Queue that fails once is given the same messages again", async (stage) => {
  const { keeper, message, taken, bring, ids } = await stageOf(stage, half(1, 1));
  keeper.answers = [...PARTLY];
  assert.equal(await bring(message, 1), true);
  const rest = await taken();
  assert.equal(rest.length, 3);
  assert.deepEqual(rest[0], rest[1], "the bytes are the same");
  for (const body of rest) assert.equal(await bring(body, 1), true);
  assert.deepEqual([...keeper.rows.spans.keys()].sort(), [...ids].sort());
  assert.deepEqual(keeper.copies("spans").sort(), [1, 1, 1, 2], keeper.calls.join());
  assert.deepEqual(keeper.copies("traces"), [1, 1, 1, 1]);
});
