// A WebSocket client, as far as short texts go.

import http from "node:http";
import { pairs } from "./wire.mjs";

export function connect(port, lines = []) {
  const headers = ["host", "localhost", "upgrade", "websocket", "connection", "Upgrade"];
  headers.push("sec-websocket-version", "13", "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==", ...pairs(lines));
  return new Promise((resolve, reject) => {
    const asked = http.request({ host: "127.0.0.1", port, headers, setHost: false, agent: false });
    asked.on("error", reject);
    asked.on("response", (answer) => reject(new Error(`not upgraded: ${answer.statusCode}`)));
    asked.on("upgrade", (_, socket, head) => resolve(new Socket(socket, head)));
    asked.end();
  });
}

const TEXT = 1;
const CLOSE = 8;

class Socket {
  #held;
  #waiting = () => {};

  constructor(socket, head) {
    this.socket = socket;
    this.#held = head;
    // It may be reset while it closes.
    socket.on("error", () => {});
    socket.on("data", (part) => {
      this.#held = Buffer.concat([this.#held, part]);
      this.#waiting();
    });
    this.closed = new Promise((resolve) => socket.on("close", resolve));
  }

  #send(kind, payload) {
    // The mask is zero: nothing here needs hiding.
    this.socket.write(Buffer.concat([Buffer.from([0x80 | kind, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
  }

  async #frame() {
    while (this.#held.length < 2 || this.#held.length < 2 + this.#held[1]) {
      await new Promise((resolve) => (this.#waiting = resolve));
    }
    const payload = this.#held.subarray(2, 2 + this.#held[1]);
    this.#held = this.#held.subarray(2 + this.#held[1]);
    return payload;
  }

  async echo(text) {
    this.#send(TEXT, Buffer.from(text));
    return (await this.#frame()).toString();
  }

  async close() {
    this.#send(CLOSE, Buffer.from([0x03, 0xe8]));
    await this.#frame();
    this.socket.end();
    await this.closed;
  }
}
