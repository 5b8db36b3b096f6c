// Where requests go: which values of `ORIGIN` and `ORIGINS` the Worker takes, and which it refuses when it starts.

import assert from "node:assert/strict";
import { until } from "./child.mjs";
import { proof } from "./proof.mjs";
import { send } from "./wire.mjs";
import { gateway } from "./worker.mjs";

const USER = "contains a user or a password; a credential belongs in a secret of the host, not in a URL";
const NEITHER = "is neither a URL (http:// or https://) nor the name of a service binding of this Worker";
const NO_SERVICE = "is a binding of this Worker, but no service binding: it has no fetch";
const URL_END = "contains ?, # or \\; a URL ends with its path here";

/** What the Worker has besides its texts. */
const BOUND = { kvNamespaces: { STORE: "store" }, queueProducers: { JOBS: { queueName: "jobs" } } };

/** Values of one variable, and the line of the log about each. */
const REFUSED = {
  ORIGIN: [
    ["https://exa mple.com", "ORIGIN: holds a character that no URL can carry"],
    ["http://127.0.0.1:99999", "ORIGIN: has no valid port"],
    ["http://127.0.0.1:+80", "ORIGIN: has no valid port"],
    ["http://", "ORIGIN: has no valid host"],
    ["http://127.0.0.256", "ORIGIN: has no valid host"],
    ["http://*.example.com", "ORIGIN: has no valid host"],
    ["http://a.test/base/?key=1", `ORIGIN: ${URL_END}`],
    ["http://a.test#x", `ORIGIN: ${URL_END}`],
    ["http://a.test/a\\b", `ORIGIN: ${URL_END}`],
    ["http://user:hunter2@a.test", `ORIGIN: ${USER}`],
    ["HTTPS://hunter2@a.test", `ORIGIN: ${USER}`],
    ["http://user:hunter2@", `ORIGIN: ${USER}`],
    ["postgres://user:hunter2@a.test", "ORIGIN: does not begin with http:// or https://"],
    ["user:hunter2@a.test", `ORIGIN: ${NEITHER}`],
    ["a.test", `ORIGIN: ${NEITHER}`],
    ["ABSENT", `ORIGIN: ${NEITHER}`],
    ["", `ORIGIN: ${NEITHER}`],
    ["STORE", `ORIGIN: ${NO_SERVICE}`],
    ["JOBS", `ORIGIN: ${NO_SERVICE}`],
  ],
  ORIGINS: [
    [[{ origin: "http://a.test" }, { path_prefix: "v1", origin: "http://a.test" }], 'ORIGINS[1].path_prefix: "v1" does not begin with /'],
    [[{ path_prefix: "/v1?x", origin: "http://a.test" }], 'ORIGINS[0].path_prefix: "/v1?x" holds a query'],
    [[{ host: "a.test:8080", origin: "http://a.test" }], 'ORIGINS[0].host: "a.test:8080" holds a port'],
    [[{ host: "a*.test", origin: "http://a.test" }], 'ORIGINS[0].host: "a*.test" may hold a *'],
    [[{ origin: "http://a.test" }, { origin: "http://a.test:99999" }], "ORIGINS[1].origin: has no valid port"],
    [[{ origin: "http://user:hunter2@a.test" }], `ORIGINS[0].origin: ${USER}`],
    [[{ origin: "STORE" }], `ORIGINS[0].origin: ${NO_SERVICE}`],
    [[{ path_prefix: "/v1/" }], 'ORIGINS[0]: lacks "origin"'],
    [[{ origin: "http://a.test", rule: "strict" }], 'ORIGINS[0].rule: the configuration has no rule "strict"'],
    [["http://user:hunter2@a.test"], "ORIGINS[0]: is not an object"],
    [{ origin: "http://a.test" }, "ORIGINS: is not a JSON list"],
  ],
};

const cases = Object.entries(REFUSED).flatMap(([name, values]) => values.map(([value, fault]) => ({ name, value, fault })));

proof("values that cannot work are refused at the start, with the place and without the password", async (stage) => {
  const workers = await stage.workers(
    cases.map(({ name, value }, at) => gateway({ name: `w${at}`, bindings: { [name]: value }, ...BOUND })),
  );
  const wrong = [];
  for (const [at, { value, fault }] of cases.entries()) {
    const [line, logged] = [`gatespan: configuration: ${fault}`, workers.output.length];
    const { status } = await send(workers.ports[`w${at}`], { target: "/v1/x" });
    const isLogged = () => workers.output.slice(logged).includes(line);
    if (status === 500 && (await until(isLogged, line, 3).catch(() => false))) continue;
    wrong.push(`${JSON.stringify(value)}: wanted ${line}; found ${status} ${workers.output.slice(logged)}`);
  }
  assert.equal(wrong.join("\n"), "");
  assert(!workers.output.includes("hunter2"), workers.output);
});

proof("a binding with the name ORIGIN that is no service is refused", async (stage) => {
  const workers = await stage.workers([gateway({ kvNamespaces: { ORIGIN: "store" } })]);
  assert.equal((await send(workers.port)).status, 500);
  await until(() => workers.output.includes(`gatespan: configuration: ORIGIN: ${NO_SERVICE}`), "the fault", 5, () => workers.output);
});

proof("a scheme in capital letters is a scheme", async (stage) => {
  const origin = await stage.origin();
  const { port } = await stage.worker({ origin: `${origin.url.replace("http", "HTTP")}/base/` });
  const answer = await send(port, { target: "/x?y" });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json().target, "/base/x?y");
});

const PASS = { GATESPAN_ON_CONFIG_ERROR: "pass" };

proof("nothing passes to an ORIGIN that is itself the fault, and its password is not logged", async (stage) => {
  const origin = await stage.origin();
  const withPassword = origin.url.replace("//", "//user:hunter2@");
  for (const value of [withPassword, "STORE", "http://127.0.0.1:99999"]) {
    const workers = await stage.worker({ origin: value, bindings: PASS, ...BOUND });
    const answer = await send(workers.port);
    assert.equal(answer.status, 500, value);
    assert.equal(answer.json().fault, "config", answer.text);
    assert(!workers.output.includes("hunter2"), workers.output);
  }
  assert.equal(origin.arrived.length, 0);
});

proof("traffic passes to a good ORIGIN while ORIGINS is faulty", async (stage) => {
  const origin = await stage.origin();
  const bindings = { ...PASS, ORIGINS: [{ path_prefix: "v1", origin: "http://a.test" }] };
  const { port } = await stage.worker({ origin: `${origin.url}/base/`, bindings });
  assert.equal((await send(port, { target: "/v1" })).json().target, "/base/v1");
});
