// Workers in the bare runtime: `workerd serve`. For what Miniflare hides (an answer that is cut off) and for what is
// measured: a process of its own, with nothing of node between.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Child } from "./child.mjs";
import { KEPT, SHIPPED, WORKERD, bundle, compatibility } from "./places.mjs";

let count = 0;

/** A text of Cap'n Proto's; the escapes of JSON are among its own. */
const text = JSON.stringify;

function written({ folder = SHIPPED, bindings = {} }) {
  const home = join(KEPT, `serve-${process.pid}-${count++}`);
  mkdirSync(home, { recursive: true });
  const modules = bundle(folder).map(({ type, path, contents }) => {
    writeFileSync(join(home, path), contents);
    // By the names under which index.js imports them.
    const name = path === "index.js" ? path : `./${path}`;
    return `(name = ${text(name)}, ${type === "ESModule" ? "esModule" : "wasm"} = embed ${text(path)})`;
  });
  const bound = Object.entries(bindings).map(([name, value]) => {
    const kind = typeof value === "string" ? `text = ${text(value)}` : `json = ${text(JSON.stringify(value))}`;
    return `(name = ${text(name)}, ${kind})`;
  });
  const { compatibilityDate, compatibilityFlags } = compatibility();
  const path = join(home, "config.capnp");
  writeFileSync(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
 services = [
  (name = "internet", network = (allow = ["private", "public", "local"])),
  (name = "main", worker = .worker),
 ],
 sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
 modules = [${modules.join(", ")}],
 compatibilityDate = ${text(compatibilityDate)},
 compatibilityFlags = [${compatibilityFlags.map(text).join(", ")}],
 bindings = [${bound.join(", ")}],
);
`,
  );
  return path;
}

export class Served extends Child {
  constructor(options) {
    super(options.name ?? "workerd", [WORKERD, "serve", "--control-fd=3", written(options)], { pipe: true });
  }

  async start() {
    createInterface({ input: this.process.stdio[3] }).on("line", (line) => {
      const told = JSON.parse(line);
      if (told.event === "listen") this.port = told.port;
    });
    await this.until(() => this.port);
    return this;
  }
}
