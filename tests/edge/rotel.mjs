// rotel, a receiver of OTLP that nobody here wrote, as a process. What it takes it sends on, by OTLP too.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Child } from "./child.mjs";
import { KEPT, told } from "./places.mjs";
import { answers, free } from "./ports.mjs";

/** The program lies inside of its package, and not on PATH. */
const FIND =
  "import importlib.util as u, pathlib as p; print(p.Path(u.find_spec('rotel').origin).parent / 'rotel-agent')";

export class Rotel extends Child {
  /** `to` is the URL of the receiver that comes next. */
  static async on(to) {
    const port = await free();
    const options = {
      "pid-file": join(KEPT, `rotel-${port}.pid`),
      "otlp-http-endpoint": `127.0.0.1:${port}`,
      "otlp-grpc-endpoint": `127.0.0.1:${await free()}`,
      "batch-timeout": "50ms",
      exporter: "otlp",
      "otlp-exporter-endpoint": to,
      "otlp-exporter-protocol": "http",
    };
    const program = execFileSync(told("GATESPAN_PARTS"), ["-c", FIND], { encoding: "utf8" }).trim();
    const spelt = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const one = new Rotel("rotel", [program, "start", ...spelt]);
    one.port = port;
    one.url = `http://127.0.0.1:${port}`;
    return one;
  }

  async start() {
    await this.until(() => answers(this.port));
    return this;
  }
}
