// A real Envoy with the filter, configured by what the tests of Envoy themselves use (tests/e2e/bootstrap.py).

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./child.mjs";
import { KEPT, ROOT, told } from "./places.mjs";

const BOOTSTRAP = `
import json, sys
sys.path.insert(0, "tests/e2e")
import bootstrap
print(json.dumps(bootstrap.gateway(*json.load(sys.stdin))))
`;

let count = 0;

export class Envoy extends Child {
  /** `app` and `sink` are ports; the cluster of the collector is called opik. */
  constructor({ config, app, sink }) {
    const input = JSON.stringify([config, app, sink]);
    const bootstrap = execFileSync(told("GATESPAN_PYTHON"), ["-c", BOOTSTRAP], { input, cwd: ROOT });
    mkdirSync(KEPT, { recursive: true });
    const path = join(KEPT, `envoy-${process.pid}-${count++}.json`);
    writeFileSync(path, bootstrap);
    const admin = `${path}.admin`;
    const options = ["--concurrency", 1, "--disable-hot-restart", "-l", "warning", "--admin-address-path", admin];
    super("envoy", [told("GATESPAN_ENVOY"), "-c", path, ...options], { cwd: ROOT });
    this.admin = admin;
  }

  async start() {
    const address = await this.until(() => existsSync(this.admin) && readFileSync(this.admin, "utf8").trim());
    await this.until(async () => {
      const ready = await fetch(`http://${address}/ready`).catch(() => undefined);
      return (await ready?.text())?.trim() === "LIVE";
    });
    const listeners = await (await fetch(`http://${address}/listeners?format=json`)).json();
    this.port = listeners.listener_statuses[0].local_address.socket_address.port_value;
    return this;
  }
}
