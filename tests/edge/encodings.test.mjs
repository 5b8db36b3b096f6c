// What the origin of a model's call is offered (`genai_encoding`), and what that does for the usage of its answer.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { CALLS, asked, pieces } from "./calls.mjs";
import { ROOT } from "./places.mjs";
import { proof } from "./proof.mjs";
import { backends, spansOf } from "./told.mjs";
import { send } from "./wire.mjs";

const OFFERS = JSON.parse(readFileSync(join(ROOT, "tests/scenarios/offers.json"), "utf8")).rows;
const CALL = CALLS.get("openai-json");
const JSON_TYPE = "content-type: application/json";

async function gateway(stage) {
  const [origin, collector] = [await stage.origin(), await stage.collector()];
  const config = {
    rule: { genai: "metadata" },
    routes: ["identity", "any"].map((word) => ({ match: { path_prefix: `/${word}/` }, genai_encoding: word })),
    span: { headers: ["x-case"] },
    export: { interval_ms: 50 },
    backends: backends(collector),
  };
  return { origin, collector, ...(await stage.worker({ config, origin })) };
}

proof("the table of offers: the origin is offered what can be read", async (stage) => {
  const { origin, port } = await gateway(stage);
  const wrong = [];
  for (const { name, encoding, asked: offers, upstream } of OFFERS) {
    const lines = [`x-case: ${name}`, JSON_TYPE, ...offers.map((offer) => `accept-encoding: ${offer}`)];
    const target = (encoding ? `/${encoding}` : "") + CALL.path;
    assert.equal((await send(port, { method: "POST", target, lines, body: asked(CALL) })).status, 200);
    const found = origin.of(name)[0].all("accept-encoding");
    const wanted = upstream === undefined ? offers : [upstream];
    if (found.join() !== wanted.join()) wrong.push(`${name}: wanted ${wanted.join()}, found ${found.join()}`);
  }
  assert.equal(wrong.join("\n"), "");
});

/** What clients offer, and what they may get. */
const CLIENTS = { none: [], identity: ["identity"], gzip: ["gzip"], br: ["br"], both: ["br, gzip"] };
const DECODE = { undefined: (body) => body, gzip: gunzipSync, br: brotliDecompressSync };
const WHOLE = Buffer.concat(pieces(CALL));

/** The client can decode what it gets, and the origin preferred brotli. */
function decoded(offers, encoding, body) {
  if (encoding !== undefined) assert(offers.join().includes(encoding), `${encoding} was not offered: ${offers}`);
  assert.deepEqual(DECODE[encoding](body), WHOLE);
}

proof("usage is reported behind an origin that prefers brotli, and each client gets what it can decode", async (stage) => {
  const { origin, collector, port } = await gateway(stage);
  for (const [name, offers] of Object.entries(CLIENTS)) {
    const lines = [`x-case: ${name}`, `x-app: best=${CALL.name}`, JSON_TYPE, ...offers.map((offer) => `accept-encoding: ${offer}`)];
    const answer = await send(port, { method: "POST", target: CALL.path, lines, body: asked(CALL) });
    decoded(offers, answer.all("content-encoding")[0], answer.body);
    const { metadata } = await spansOf(collector, name);
    assert.equal(metadata["gatespan.usage.status"], "reported", name);
  }
  assert.deepEqual(origin.of("both")[0].all("accept-encoding"), ["gzip"]);
});

/**
 * Miniflare's own entry does as Cloudflare's edge: it offers the Worker `br, gzip` whatever the client offers, and encodes the
 * response for the client.
 */
proof("the same by Miniflare's own entry", async (stage) => {
  const { origin, collector, miniflare } = await gateway(stage);
  const entry = await miniflare.ready;
  // To a client that offers nothing it hands over what the Worker gives, whatever the Worker does.
  const { none, ...clients } = CLIENTS;
  for (const [name, offers] of Object.entries(clients)) {
    const lines = [`x-case: ${name}`, `x-app: best=${CALL.name}`, JSON_TYPE, ...offers.map((offer) => `accept-encoding: ${offer}`)];
    const answer = await send(Number(entry.port), { method: "POST", target: CALL.path, lines, body: asked(CALL) });
    decoded(offers, answer.all("content-encoding")[0], answer.body);
    assert.deepEqual(origin.of(name)[0].all("accept-encoding"), ["gzip"]);
  }
  const headers = { "x-case": "dispatched", "x-app": `best=${CALL.name}`, "content-type": "application/json" };
  const url = new URL(CALL.path, entry);
  const answer = await miniflare.dispatchFetch(url, { method: "POST", headers, body: asked(CALL) });
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), WHOLE);
  for (const name of [...Object.keys(clients), "dispatched"]) {
    const { metadata } = await spansOf(collector, name);
    assert.equal(metadata["gatespan.usage.status"], "reported", name);
  }
});
