// The callers of a soak: what each sends, and what must go upstream, by the laws of identity.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filled } from "./pattern.mjs";
import { ROOT } from "./places.mjs";

export const TABLE = JSON.parse(readFileSync(join(ROOT, "tests/soak/table.json"), "utf8"));
const BIG = "a".repeat(9000);
/** The longest lists that the gateway sends on. */
const LONGEST = 8192;

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-0([0-3])$/;

const hex = (digits) => randomBytes(digits / 2).toString("hex");

function uuid7() {
  const [time, random] = [Date.now().toString(16).padStart(12, "0"), hex(16)];
  return [time.slice(0, 8), time.slice(8), `7${random.slice(0, 3)}`, `8${random.slice(3, 6)}`, hex(12)].join("-");
}

/** One request of a row of the table. */
export class Caller {
  constructor(row, name) {
    this.row = row;
    this.name = name.replaceAll(" ", "-");
    this.ids = { U: uuid7(), P: uuid7(), T: hex(32), Q: hex(16), BIG };
    this.sampled = row.sampled ?? true;
  }

  get lines() {
    return this.row.lines.map((line) => filled(line, this.ids));
  }

  continues(system) {
    return (this.row.continues ?? []).includes(system);
  }
}

const undashed = (id) => id.replaceAll("-", "");
const distinct = (list) => [...new Set(list)].sort();

/** The ids of ours that reached the origin; `opik` is undefined where Opik will not receive the span. Fails with the law
 *  that the headers break. */
export function seen(caller, arrived) {
  const { trace, span } = traceparent(caller, arrived);
  for (const name of ["tracestate", "baggage"]) {
    assert(arrived.all(name).join().length <= LONGEST, `${name} is too long`);
  }
  const [traces, parents] = ["trace-id", "parent-span-id"].map((name) => spelled(arrived, name));
  const said = `${traces}, ${parents}`;
  if (!parents.some((parent) => undashed(parent).endsWith(span))) {
    const asCame = caller.continues("opik") ? [[caller.ids.U], [caller.ids.P]] : [[], []];
    assert.deepEqual([traces, parents].map(distinct), asCame, `ids that Opik does not get: ${said}`);
    return { span };
  }
  assert(caller.sampled, "an Opik parent that is not recorded");
  assert.deepEqual([traces.length, parents.length], [2, 2], `not both spellings: ${said}`);
  assert.deepEqual([distinct(traces).length, distinct(parents).length], [1, 1], `the spellings differ: ${said}`);
  const [[opikTrace], [opik]] = [traces, parents];
  assert(UUID7.test(opikTrace) && UUID7.test(opik), `no ids: ${said}`);
  const own = undashed(opikTrace);
  if (caller.continues("opik")) assert.equal(opikTrace, caller.ids.U, "another Opik trace");
  else if (caller.continues("otel")) assert.deepEqual(derived(own), derived(trace), `${own} is not derived from ${trace}`);
  else assert.equal(own, trace, "the systems differ");
  return { span, opik };
}

/** The digits that a derived id has in common with what it is derived from. */
const derived = (id) => [id.slice(13, 16), id.slice(17)];

function traceparent(caller, arrived) {
  const values = arrived.all("traceparent");
  const found = values.length === 1 && values[0].match(TRACEPARENT);
  assert(found, `no traceparent, or several: ${values}`);
  const [, trace, span, flags] = found;
  assert(/[^0]/.test(trace) && /[^0]/.test(span) && span !== caller.ids.Q, `no id of ours: ${values}`);
  assert.equal(Boolean(Number(flags) & 1), caller.sampled, `another decision than the caller's: ${values}`);
  if (caller.continues("otel")) assert.equal(trace, caller.ids.T, "another trace than the caller's");
  else if (caller.continues("opik")) assert.equal(trace, undashed(caller.ids.U), "not the trace in Opik");
  return { trace, span };
}

const spelled = (arrived, name) => [`opik_${name.replaceAll("-", "_")}`, `opik-${name}`].flatMap((one) => arrived.all(one));
