// The status path, in every spelling that means it, and the secret that opens it: no origin ever gets that.

import assert from "node:assert/strict";
import { proof } from "./proof.mjs";
import { open, send } from "./wire.mjs";
import { WATCHED } from "./worker.mjs";

const SECRET = WATCHED.GATESPAN_STATUS_SECRET;
const BEARER = `authorization: Bearer ${SECRET}`;

/** Targets that mean the status path: to a URL parser, or after the URL normalization of Cloudflare. */
const IT = [
  "/__gatespan/status",
  "/__gatespan/status?",
  "/__gatespan/status?x=1",
  "/__gatespan/status#x",
  "/__gatespan/status/",
  "//__gatespan/status",
  "/__gatespan//status//",
  "/x/../__gatespan/status",
  "/x/%2e%2E/__gatespan/status",
  "/./__gatespan/status/.",
  "/../__gatespan/status",
  "/__gatespan\\status",
  "/__gatespan/st%61tus",
  "/%5f%5Fgatespan/%73%74%61%74%75%73?x",
];

/** Targets that do not. */
const OTHER = [
  "/",
  "/__gatespan",
  "/__gatespan/status/x",
  "/__gatespan/status.json",
  "/__gatespan/Status",
  "/x/__gatespan/status",
  "/__gatespan%2Fstatus",
  "/__gatespan/%2573tatus",
  "/__gatespan/status;a=b",
  "/__gatespan/status%00",
  "/__gatespan/x/../../status",
  "/?/__gatespan/status",
];

proof("every spelling of the status path shows the counters to those with the secret, and nothing to others", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ origin, bindings: WATCHED });
  const wrong = [];
  for (const target of IT) {
    const shown = await send(port, { target, lines: [BEARER] });
    if (shown.status !== 200 || !shown.text.includes("gatespan.requests.")) wrong.push(`${target}: ${shown.status} ${shown.text}`);
    const hidden = await send(port, { target, lines: ["authorization: Bearer other"] });
    if (hidden.status !== 401) wrong.push(`${target} with another secret: ${hidden.status}`);
  }
  assert.equal(wrong.join("\n"), "");
  assert.equal(origin.arrived.length, 0);
});

proof("any other path goes to the origin, and never with the status secret", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ origin, bindings: WATCHED });
  for (const target of OTHER) {
    const passed = await send(port, { target, lines: ["authorization: Bearer other"] });
    assert.equal(passed.status, 200, target);
    const stray = await send(port, { target, lines: [BEARER] });
    assert.equal(stray.status, 404, `${target}: ${stray.text}`);
    assert.equal(stray.json().fault, "status_secret");
    assert(!stray.text.includes(SECRET));
  }
  assert.equal(origin.arrived.length, OTHER.length);
  assert.deepEqual(new Set(origin.arrived.map((one) => one.one("authorization"))), new Set(["Bearer other"]));
});

/** Authorization headers that contain the secret in another form. */
const FORMS = [
  [`authorization: ${SECRET}`],
  [`authorization: bearer ${SECRET}`],
  [`authorization: Bearer   ${SECRET}`],
  [`authorization: Token ${SECRET}`],
  ["authorization: Bearer other", BEARER],
  [BEARER, "authorization: Bearer other"],
];

proof("the status secret goes to no origin, in whatever form the header has it", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ origin, bindings: WATCHED });
  for (const lines of FORMS) assert.equal((await send(port, { lines })).status, 404, lines.join());
  const upgrade = ["connection: Upgrade", "upgrade: websocket", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version: 13"];
  const answer = await open(port, { lines: [...upgrade, BEARER] });
  assert.equal(answer.status, 404);
  assert.equal((await send(port, { method: "POST", body: "x", lines: [BEARER] })).status, 404);
  assert.equal(origin.arrived.length, 0);
  // Headers that only resemble it pass as they are.
  for (const value of [`Bearer ${SECRET}s`, `Bearer x${SECRET}`, `Bearer ${SECRET.slice(1)}`, "Basic dTpw", "Bearer"]) {
    assert.equal((await send(port, { lines: [`authorization: ${value}`] })).status, 200, value);
    assert.equal(origin.arrived.at(-1).one("authorization"), value);
  }
});

proof("the status secret goes to no origin while there is no status path", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ origin, bindings: { GATESPAN_STATUS_SECRET: SECRET } });
  assert.equal((await send(port, { target: "/__gatespan/status", lines: [BEARER] })).status, 404);
  assert.equal((await send(port, { target: "/__gatespan/status" })).status, 200);
  assert.equal(origin.arrived.length, 1);
});

proof("the status secret goes to no origin while a faulty configuration lets requests pass", async (stage) => {
  const origin = await stage.origin();
  const path = "/status";
  const config = { rule: { untold: 1 } };
  const bindings = { ...WATCHED, GATESPAN_STATUS_PATH: path, GATESPAN_ON_CONFIG_ERROR: "pass" };
  const { port } = await stage.worker({ origin, config, bindings });
  for (const target of [path, "/other"]) assert.equal((await send(port, { target, lines: [BEARER] })).status, 500);
  assert.equal(origin.arrived.length, 0);
  assert.equal((await send(port, { target: "/other", lines: ["authorization: Bearer other"] })).status, 200);
  assert.equal(origin.arrived[0].one("authorization"), "Bearer other");
});

proof("a status path that no request can have is refused", async (stage) => {
  const origin = await stage.origin();
  for (const [path, fault] of [
    ["status", "GATESPAN_STATUS_PATH: does not begin with /"],
    ["/status?x", "GATESPAN_STATUS_PATH: holds a query"],
    ["/sta tus", "GATESPAN_STATUS_PATH: holds a character that no path can carry"],
  ]) {
    const workers = await stage.worker({ origin, bindings: { ...WATCHED, GATESPAN_STATUS_PATH: path } });
    assert.equal((await send(workers.port)).status, 500, path);
    assert(workers.output.includes(fault), workers.output);
  }
});
