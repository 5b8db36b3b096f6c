// What Bedrock's headers say beside bodies that do not count, through the Worker.

import assert from "node:assert/strict";
import { until } from "./child.mjs";
import { Origin } from "./origin.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { opik } from "./worker.mjs";

const RULES = { rule: { genai: "metadata" }, span: { headers: ["x-case"] }, export: { interval_ms: 50 } };
const BODY = '{"outputs":[{"text":"a planted word","stop_reason":"stop"}]}';
const COUNTS = {
  "X-Amzn-Bedrock-Input-Token-Count": "40",
  "X-Amzn-Bedrock-Output-Token-Count": "300",
  "X-Amzn-Bedrock-Cache-Read-Input-Token-Count": "60000",
  "X-Amzn-Bedrock-Cache-Write-Input-Token-Count": "2000",
};
const USAGE = {
  prompt_tokens: 62_040,
  completion_tokens: 300,
  total_tokens: 62_340,
  "original_usage.inputTokens": 40,
  "original_usage.outputTokens": 300,
  "original_usage.cacheReadInputTokens": 60_000,
  "original_usage.cacheWriteInputTokens": 2_000,
};
const ERROR = { "x-amzn-ErrorType": "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/" };

/** Answers as Bedrock does: with counts, or with the error that is asked for. */
class Bedrock extends Origin {
  serve(asked, answer) {
    const status = Number(this.keep(asked).one("x-app"));
    asked.resume();
    answer.writeHead(status, { "content-type": "application/json", ...(status === 200 ? COUNTS : ERROR) });
    answer.end(status === 200 ? BODY : '{"message":"a planted word"}');
  }
}

async function recording(stage) {
  const origin = await stage.add(new Bedrock());
  const collector = await stage.collector();
  const { port } = await stage.worker({ config: { ...RULES, backends: [opik(collector)] }, origin });
  const call = async (name, api, status) => {
    const target = `/model/mistral.mistral-7b-instruct-v0%3A2/${api}`;
    const lines = [`x-case: ${name}`, `x-app: ${status}`, "content-type: application/json"];
    const answer = await send(port, { method: "POST", target, lines, body: '{"prompt":"hi","max_tokens":10}' });
    assert.equal(answer.status, status);
    let found = [];
    await until(async () => {
      found = (await collector.spans()).filter(({ metadata }) => metadata["http.request.header.x-case"] === name);
      return found.length > 0;
    }, `the span of ${name}`);
    return { answer, span: found[0] };
  };
  return { collector, call };
}

proof("headers count where the body does not", async (stage) => {
  const { call } = await recording(stage);
  const { answer, span } = await call("counted", "invoke", 200);
  assert.equal(answer.text, BODY);
  for (const [name, value] of Object.entries(COUNTS)) assert.deepEqual(answer.all(name.toLowerCase()), [value]);
  assert.deepEqual(span.usage, USAGE);
  assert.equal(span.metadata["gatespan.usage.status"], "reported");
  // Converse counts in its body, and there alone.
  const converse = (await call("converse", "converse", 200)).span;
  assert.deepEqual([converse.usage ?? null, converse.metadata["gatespan.usage.status"]], [null, "absent"]);
});

proof("a header names the error, and says nothing else", async (stage) => {
  const { collector, call } = await recording(stage);
  for (const api of ["invoke", "converse"]) {
    const { metadata } = (await call(`error-${api}`, api, 429)).span;
    assert.equal(metadata["error.type"], "ThrottlingException");
    assert.equal(metadata["gatespan.usage.status"], "error");
  }
  const received = JSON.stringify([await collector.spans(), await collector.traces(), await collector.requests()]);
  assert(!/planted|internal\.amazon/.test(received), received);
});
