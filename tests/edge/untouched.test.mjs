// What passes as through a Worker that looks at nothing.

import assert from "node:assert/strict";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { opik } from "./worker.mjs";

const GENAI = { genai: "metadata", genai_api: "openai" };
const RULES = { recorded: {}, exposed: { expose: true }, genai: GENAI, unrecorded: { record: false, expose: true } };

proof("a status above 599 passes, and its span ends", async (stage) => {
  const [origin, collector] = [await stage.origin(), await stage.collector()];
  const routes = Object.entries(RULES).map(([name, rule]) => ({ match: { path_prefix: `/${name}/` }, ...rule }));
  const config = { backend: opik(collector), routes, span: { headers: ["x-case"] }, export: { interval_ms: 50 } };
  const { port } = await stage.worker({ config, origin });
  const wanted = {};
  for (const status of [599, 600, 700, 999]) {
    for (const rule of Object.keys(RULES)) {
      for (const method of ["GET", "POST", "HEAD"]) {
        const name = `${rule}: ${method} ${status}`;
        const lines = [`x-app: status=${status}`, `x-case: ${name}`, "content-type: application/json"];
        const asked = { method, target: `/${rule}/v1/chat/completions`, lines, body: method === "POST" ? "{}" : undefined };
        const [passed, direct] = [await send(port, asked), await send(origin.port, asked)];
        for (const part of ["status", "text", "cut"]) assert.equal(passed[part], direct[part], `${name}: ${part}`);
        if (rule !== "unrecorded") wanted[name] = ["complete", status];
      }
    }
  }
  await collector.wait({ spans: Object.keys(wanted).length });
  const ends = (await collector.spans()).map(({ metadata: found }) => [
    found["http.request.header.x-case"],
    [found["gatespan.end"], found["http.response.status_code"]],
  ]);
  assert.deepEqual(Object.fromEntries(ends), wanted);
});
