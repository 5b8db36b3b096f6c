// CPU per request of the Worker, beside a bare proxy (twice, to see what the machine adds) and a twin written by hand.
// Each is a workerd of its own; rounds are interleaved, their order reversed every other time, the first one thrown away.
// CPU is that of the process: neither this generator nor the origin is in it. A measurement, which fails only when an
// answer or a span is missing.

import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import { gzipSync } from "node:zlib";
import { until } from "./child.mjs";
import { MARK, load } from "./load.mjs";
import { BARE, SHIPPED, TWIN, bundle } from "./places.mjs";
import { Served } from "./serve.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 21);
const REQUESTS = Number(process.env.REQUESTS ?? 1000);

const VARIANTS = [
  { name: "bare proxy", folder: BARE },
  { name: "bare proxy again", folder: BARE },
  { name: "JS twin", folder: TWIN, records: true },
  { name: "gatespan", folder: SHIPPED, records: true },
];

async function listening(serve) {
  const server = http.createServer(serve);
  server.keepAliveTimeout = 0;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

const origin = await listening((_, answer) => answer.end(MARK));
/** Spans that came, by the first part of the path, which tells whose they are. */
const delivered = {};
const collector = await listening((asked, answer) => {
  const parts = [];
  asked.on("data", (part) => parts.push(part));
  asked.on("end", () => {
    const [, whose] = asked.url.split("/");
    const spans = JSON.parse(Buffer.concat(parts)).spans ?? [];
    delivered[whose] = (delivered[whose] ?? 0) + spans.length;
    answer.writeHead(204).end();
  });
});

/** Nanoseconds on a core, of all threads. */
function cpu({ pid }) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]),
    0,
  );
}

const resident = ({ pid }) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

for (const [index, variant] of VARIANTS.entries()) {
  const whose = `v${index}`;
  delivered[whose] = 0;
  variant.delivered = () => delivered[whose];
  const backend = { kind: "opik", url: `${collector.url}/${whose}`, project: "bench" };
  const bindings = { ORIGIN: origin.url, GATESPAN_CONFIG: { backend, export: { interval_ms: 200 } } };
  variant.process = await new Served({ name: "bench", folder: variant.folder, bindings }).start();
  variant.costs = [];
  variant.took = [];
}

async function round(variant) {
  const before = cpu(variant.process);
  const had = variant.delivered();
  const took = await load(variant.process.port, REQUESTS);
  // What is sent later belongs to these requests too.
  if (variant.records)
    await until(() => variant.delivered() - had >= REQUESTS, `${variant.name}: ${REQUESTS} spans`, 30);
  return { cost: (cpu(variant.process) - before) / REQUESTS / 1000, took };
}

for (let number = 0; number <= ROUNDS; number++) {
  for (const variant of number % 2 ? VARIANTS : [...VARIANTS].reverse()) {
    const { cost, took } = await round(variant);
    if (number === 0) continue;
    variant.costs.push(cost);
    variant.took.push(median(took));
  }
}

console.log(
  `\n${ROUNDS} rounds of ${REQUESTS} requests each, 8 connections; us of CPU per request: median (least .. most)\n`,
);
for (const { name, costs, took, folder, process } of VARIANTS) {
  const range = `${Math.min(...costs).toFixed(0)} .. ${Math.max(...costs).toFixed(0)}`;
  const gzip = bundle(folder).reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
  const more = `p50 ${(median(took) / 1000).toFixed(2)} ms   resident ${resident(process).toFixed(0)} MB   gzip ${gzip} bytes`;
  console.log(`${name.padEnd(18)}${median(costs).toFixed(0).padStart(5)}  (${range})`.padEnd(44) + more);
}
const [bare, again, twin, ours] = VARIANTS;
/** Of the costs in each round, so that what disturbs the machine meets both sides. */
const ratio = (one, other) => median(one.costs.map((cost, round) => cost / other.costs[round])).toFixed(3);
const over = (one) => (median(one.costs) - median(bare.costs)).toFixed(0);
console.log(`\nby the round: gatespan / twin ${ratio(ours, twin)} (aim: 1.2 at most), A/A ${ratio(again, bare)}`);
console.log(`over the bare proxy: twin +${over(twin)} us, gatespan +${over(ours)} us`);

for (const { process } of VARIANTS) await process.stop();
for (const { server } of [origin, collector]) {
  server.closeAllConnections();
  server.close();
}
