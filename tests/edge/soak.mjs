// A soak: a steady load through a real workerd while the collector of one of two backends goes through every trouble, and the
// other one's is well. `node soak.mjs SECONDS` prints a table, and fails when anything in it is not as it must be.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { of, otlp } from "./backends.mjs";
import { until } from "./child.mjs";
import { BARE } from "./places.mjs";
import { Stage } from "./proof.mjs";
import { TABLE } from "./soak-callers.mjs";
import { Load } from "./soak-load.mjs";
import { WATCHED, counters, dropped, opik } from "./worker.mjs";

/** Requests a second. */
const RATE = 100;
/** No phase of trouble is longer: then there are several rounds. */
const LONGEST_PHASE = 13;
/** Seconds until everything is delivered after the last trouble. Generous: a busy machine is no fault of the gateway. */
const SETTLES = 60;
/** What workerd may grow by, in MB, besides the queues that it is allowed. Its heaps are swept late, and long answers leave their
 * mark: a bare proxy grows by 100 MB as well, in 25,000 requests, and then no more. It is the same however long a soak takes, so
 * that a long one sees what a short one cannot. */
const ALLOWANCE = 160;
const NAMES = ["opik", "otlp"];
/** All rows are kept. */
const ROWS = ["--rows", "10000000"];

/** (name, steps, seconds); the first and the last are healthy. */
function phases(seconds) {
  const faults = Object.entries(TABLE.faults);
  const ends = Math.max(2, seconds / 12);
  const between = Math.max(seconds - 2 * ends, 8);
  const rounds = Math.max(1, Math.round(between / (LONGEST_PHASE * faults.length)));
  const each = between / (rounds * faults.length);
  // A silence is no longer than its phase.
  const scaled = (step) => (step.kind === "silent" ? { ...step, ms: Math.min(step.ms, Math.trunc(each * 1000)) } : step);
  const trouble = faults.map(([name, step]) => [name, [scaled(step)], each]);
  return [["warm-up", TABLE.warm_up, ends], ...Array(rounds).fill(trouble).flat(), ["healthy", [], ends]];
}

const resident = ({ pid }) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** What came of it: `faults` is what must not be, `table` lines for people. */
export async function soak(stage, seconds, say = () => {}) {
  const run = new Soak();
  await run.set(stage);
  for (const phase of phases(seconds)) await run.drive(phase, say);
  await run.load.stop();
  await run.settle();
  await run.check();
  return { faults: run.faults, table: run.table() };
}

class Soak {
  faults = [];

  async set(stage) {
    this.origin = await stage.origin();
    this.collectors = { opik: await stage.collector(...ROWS), otlp: await stage.collector(...ROWS) };
    const backends = [opik(this.collectors.opik), otlp(this.collectors.otlp)];
    const config = { backends, export: TABLE.export };
    this.gate = await stage.served({ name: "soak", config, origin: this.origin, bindings: WATCHED });
    this.bare = await stage.served({ name: "soak-bare", folder: BARE, origin: this.origin });
    this.load = new Load({ gate: this.gate.port, plain: this.bare.port, origin: this.origin, rate: RATE });
    this.load.start();
  }

  must(holds, what) {
    if (!holds && !this.faults.includes(what)) this.faults.push(what);
  }

  async drive([name, steps, seconds], say) {
    say(`${name}: ${seconds.toFixed(1)} s`);
    this.load.phase = name;
    await this.collectors.opik.fault(...steps);
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      await pause(Math.min(0.5, Math.max(0, (end - performance.now()) / 1000)));
      // The sums hold at any moment, or this fails.
      const counted = await counters(this.gate.port);
      for (const backend of NAMES) {
        const { "queue.bytes": queued } = of(counted, backend);
        this.must(queued <= TABLE.export.queue_bytes, `${backend}: more is queued than is allowed`);
      }
    }
    if (name === "warm-up") this.before = [this.gate, this.bare].map(resident);
  }

  async settle() {
    const isSettled = async () => {
      this.counted = await counters(this.gate.port);
      return NAMES.map((name) => of(this.counted, name)).every(
        (one) => one["spans.recorded"] >= this.load.recorded && one["queue.spans"] === 0,
      );
    };
    await until(isSettled, "all spans to be settled", SETTLES, () => JSON.stringify(this.counted, null, 1));
    this.after = [this.gate, this.bare].map(resident);
  }

  async check() {
    const { load } = this;
    this.must(load.wrong === 0, `${load.wrong} wrong answers; the first of them:\n${load.told.join("\n")}`);
    for (const name of NAMES) {
      const recorded = of(this.counted, name)["spans.recorded"];
      this.must(recorded === load.recorded, `${name}: recorded are ${recorded}, and should be ${load.recorded}`);
    }
    const exported = of(this.counted, "otlp")["spans.exported"];
    this.must(exported === load.recorded, `otlp is well, and has lost spans: ${exported} of ${load.recorded}`);
    await this.stored();
    const queues = (NAMES.length * TABLE.export.queue_bytes) / 1e6;
    this.allowed = queues + ALLOWANCE;
    const grown = this.after[0] - this.before[0];
    this.must(grown <= this.allowed, `workerd has grown by ${grown.toFixed(1)} MB`);
  }

  /** What was exported is what the collectors have, by the ids that the origin was told. */
  async stored() {
    const { load } = this;
    const came = await this.collectors.otlp.otlp();
    const ids = came.map(({ id }) => id).sort();
    this.must(String(ids) === String(load.spans.toSorted()), "otlp has other spans than were announced");
    this.must(came.every(({ times }) => times === 1), "otlp has got spans twice");
    const counted = of(this.counted, "opik");
    const [exported, full, gaveUp] = ["exported", "dropped.reason.queue_full", "dropped.reason.gave_up"].map(
      (name) => counted[`spans.${name}`],
    );
    const stored = (await this.collectors.opik.spans()).map(({ id }) => id);
    const announced = new Set(load.opik);
    this.must(stored.every((id) => announced.has(id)), "Opik has spans that were not announced");
    this.must(full === load.unannounced, `${load.unannounced} requests kept Opik's parent; ${full} found no room`);
    // A call that was given up may have been stored, and its answer lost.
    const fits = exported <= stored.length && stored.length <= exported + gaveUp;
    this.must(fits, `Opik has ${stored.length} spans, exported are ${exported}`);
  }

  table() {
    const { load } = this;
    const sums = NAMES.map((name) => {
      const one = of(this.counted, name);
      const reasons = Object.entries(one).filter(([key, n]) => key.startsWith("spans.dropped.reason.") && n);
      const why = reasons.map(([key, n]) => ` ${key.split(".").at(-1)}: ${n}`).join();
      const parts = [`exported ${one["spans.exported"]}`, `dropped ${dropped(one)}${why}`, `queued ${one["queue.spans"]}`];
      return [name, `recorded ${one["spans.recorded"]} = ${parts.join(" + ")}`];
    });
    const [ours, bare] = this.before.map(
      (before, at) => `${before.toFixed(1)} after the warm-up, ${this.after[at].toFixed(1)} at the end`,
    );
    const rows = [
      ["requests", `${load.requests} through the Worker, ${load.plainRequests} through a bare proxy`],
      ["wrong answers", load.wrong],
      ["should record", load.recorded],
      ...sums,
      ["resident MB", `${ours}; ${this.allowed} more are allowed`],
      ["  a bare proxy", `${bare}, with fewer requests`],
    ];
    return [...rows.map(([name, text]) => `${name.padEnd(15)}${text}`), "added latency", ...this.latency()];
  }

  /** By phases. It never fails anything. */
  latency() {
    return [...this.load.took].map(([phase, both]) => {
      const [ours, bare] = both.map((took) => took.toSorted((a, b) => a - b));
      const [p99, bareP99] = [ours, bare].map((took) => took[Math.floor(took.length * 0.99)] ?? NaN);
      const slowest = `the slowest ${ours.at(-1)?.toFixed(1)} ms, of the bare proxy ${bare.at(-1)?.toFixed(1)} ms`;
      const ratio = `p99 ${p99.toFixed(1)} ms, ${(p99 / bareP99).toFixed(2)} times a bare proxy's`;
      return `  ${phase.padEnd(15)}${ratio}; ${slowest}`;
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stage = new Stage();
  try {
    const { faults, table } = await soak(stage, Number(process.argv[2]), (text) => console.log(`   ${text}`));
    console.log(table.join("\n"));
    for (const fault of faults) console.error(`FAULT: ${fault}`);
    process.exitCode = faults.length ? 1 : 0;
  } finally {
    await stage.end();
  }
}
