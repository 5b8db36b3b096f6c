// A child process: its output in a file, its end when ours comes.

import { spawn } from "node:child_process";
import { mkdirSync, openSync, closeSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { KEPT } from "./places.mjs";

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

let count = 0;

export class Child {
  /** `pipe` opens a fourth channel, on which the child tells something. */
  constructor(name, command, { env = {}, cwd, pipe = false } = {}) {
    this.name = name;
    this.path = join(KEPT, `${name}-${process.pid}-${count++}.log`);
    mkdirSync(dirname(this.path), { recursive: true });
    const log = openSync(this.path, "w");
    const [program, ...rest] = command.map(String);
    this.process = spawn(program, rest, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", log, log, ...(pipe ? ["pipe"] : [])],
    });
    closeSync(log);
    running.add(this.process);
    this.ended = new Promise((resolve) => {
      this.process.on("error", (error) => resolve(String(error)));
      this.process.on("exit", (code, signal) => resolve(code ?? signal));
    });
    this.ended.then((how) => {
      this.how = how;
      running.delete(this.process);
    });
  }

  get pid() {
    return this.process.pid;
  }

  get log() {
    return readFileSync(this.path, "utf8");
  }

  /** Waits for `ready()` to return something true, and returns it. */
  async until(ready, seconds = 30) {
    return await until(ready, `${this.name} to be ready`, seconds, () => {
      if (this.how !== undefined) throw new Error(`${this.name} ended with ${this.how}:\n${this.log.slice(-6000)}`);
      return this.log.slice(-6000);
    });
  }

  async stop() {
    this.process.kill("SIGTERM");
    const late = setTimeout(() => this.process.kill("SIGKILL"), 3000);
    await this.ended;
    clearTimeout(late);
  }

  report() {
    return `${this.name} (${this.path}):\n${this.log.slice(-8000)}`;
  }
}

/** Asks `ready` again and again. `told` is asked for what to say when that was in vain. */
export async function until(ready, what, seconds = 20, told = () => "") {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await ready();
    if (found) return found;
    const more = told();
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}\n${more}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
