// The application behind the Worker: keeps the very header lines that arrive, and misbehaves on request.
//
// What it does is told by the header `x-app`: nothing (echo), or one of the names of BEHAVIOUR, as in `status=503`.

import { createHash } from "node:crypto";
import http from "node:http";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { CALLS, isStream, pieces } from "./calls.mjs";

const CLOSED = Symbol("closed");

export class Origin {
  /** `usual` is what it does when a request does not say. */
  constructor(usual = "echo") {
    this.usual = usual;
    this.arrived = [];
    this.server = http.createServer((asked, answer) => this.serve(asked, answer));
    // A connection that is pooled by the runtime is not cut from under it.
    this.server.keepAliveTimeout = 0;
    this.server.on("upgrade", (asked, socket) => {
      this.keep(asked);
      websocket(asked, socket);
    });
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  keep(asked) {
    const one = {
      method: asked.method,
      target: asked.url,
      raw: asked.rawHeaders,
      at: performance.now(),
      bytes: 0,
      digest: createHash("sha256"),
    };
    // One for each connection, which may bring many.
    asked.socket[CLOSED] ??= new Promise((resolve) => asked.socket.once("close", resolve));
    one.closed = asked.socket[CLOSED];
    one.all = (name) => one.raw.filter((_, at) => at % 2 && one.raw[at - 1].toLowerCase() === name);
    one.one = (name) => (one.all(name).length === 1 ? one.all(name)[0] : undefined);
    one.lines = () => one.raw.flatMap((name, at) => (at % 2 ? [] : [`${name.toLowerCase()}: ${one.raw[at + 1]}`]));
    this.arrived.push(one);
    return one;
  }

  serve(asked, answer) {
    const one = this.keep(asked);
    const [name, value = ""] = (one.one("x-app") ?? this.usual).split("=");
    // What answers early does not wait for the body.
    if (name === "early") return BEHAVIOUR.echo(one, answer);
    asked.on("data", (part) => {
      one.bytes += part.length;
      one.digest.update(part);
    });
    asked.on("end", () => BEHAVIOUR[name](one, answer, value, asked.socket));
  }

  /** What arrived with this `x-case`. */
  of(name) {
    return this.arrived.filter((one) => one.one("x-case") === name);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  report() {
    const last = this.arrived.slice(-3).map((one) => [`${one.method} ${one.target}`, ...one.lines()].join("\n"));
    return `origin: the last of ${this.arrived.length} requests\n${last.join("\n\n")}`;
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const BEHAVIOUR = {
  echo(one, answer) {
    const document = { method: one.method, target: one.target, headers: one.lines(), bytes: one.bytes };
    answer.setHeader("content-type", "application/json");
    answer.end(JSON.stringify(document));
  },
  /** Answers preflights itself, and lets one page read its responses. */
  cors(one, answer) {
    answer.setHeader("access-control-allow-origin", "https://app.example.com");
    if (one.method !== "OPTIONS") return BEHAVIOUR.echo(one, answer);
    answer.setHeader("access-control-allow-headers", "traceparent");
    answer.writeHead(204).end();
  },
  async delay(one, answer, value) {
    await pause(Number(value));
    BEHAVIOUR.echo(one, answer);
  },
  digest(one, answer) {
    answer.end(one.digest.digest("hex"));
  },
  status(_, answer, value) {
    answer.statusCode = Number(value);
    answer.end('{"error":"as asked"}');
  },
  moved(_, answer, value) {
    answer.writeHead(302, { location: value });
    answer.end();
  },
  cookies(_, answer) {
    answer.setHeader("set-cookie", ["a=1; Path=/", "b=2, with; Path=/"]);
    answer.end("two");
  },
  gzip(_, answer) {
    answer.setHeader("content-encoding", "gzip");
    answer.end(gzipSync("compressed ".repeat(100)));
  },
  big(_, answer, value) {
    answer.end(Buffer.alloc(Number(value), "x"));
  },
  /** Events until `release()`, so that a test says when the end may come. */
  async sse(one, answer, value) {
    answer.writeHead(200, { "content-type": "text/event-stream" });
    const released = new Promise((resolve) => (one.release = resolve));
    for (let number = 0; number < Number(value); number++) {
      answer.write(`data: ${number}\n\n`);
      await pause(20);
    }
    await released;
    answer.end("data: end\n\n");
  },
  /** An event each 20 ms until the other side goes. */
  async stream(one, answer) {
    answer.writeHead(200, { "content-type": "text/event-stream" });
    while (!answer.destroyed) {
      answer.write("data: more\n\n");
      await pause(20);
    }
  },
  /** As a model answers in that row of tests/scenarios/genai; the next piece when the test says `go()`, and none behind `go("break")`. */
  async reply(one, answer, name) {
    const row = CALLS.get(name);
    const { status = 200, type, encoding } = row;
    const sent = pieces(row);
    const size = isStream(row) ? {} : { "content-length": Buffer.concat(sent).length };
    const own = Object.fromEntries((row.answer_headers ?? []).map((line) => line.split(": ")));
    answer.writeHead(status, { "content-type": type, ...(encoding && { "content-encoding": encoding }), ...size, ...own });
    answer.flushHeaders();
    for (const piece of sent) {
      if (await new Promise((resolve) => (one.go = resolve))) return answer.destroy();
      answer.write(piece);
    }
    answer.end();
  },
  /** The whole answer of a row, encoded as well as the other side can decode it. */
  best(one, answer, name) {
    const offer = one.all("accept-encoding").join();
    const [encoding, encode] = ENCODERS.find(([word]) => offer.includes(word)) ?? [];
    const row = CALLS.get(name);
    const body = Buffer.concat(pieces(row));
    answer.writeHead(200, { "content-type": row.type, ...(encoding && { "content-encoding": encoding }) });
    answer.end(encode ? encode(body) : body);
  },
  /** Promises more than it sends. */
  truncated(_, answer, __, socket) {
    answer.writeHead(200, { "content-length": 1000 });
    answer.write("x".repeat(500), () => pause(50).then(() => socket.resetAndDestroy()));
  },
  cut_chunked(_, answer, __, socket) {
    answer.writeHead(200, {});
    answer.write("x".repeat(500), () => pause(50).then(() => socket.resetAndDestroy()));
  },
  reset(_, __, ___, socket) {
    socket.resetAndDestroy();
  },
  stall() {},
  garbage(_, __, ___, socket) {
    socket.end("\x00\x01\x02 this is not HTTP\r\n\r\n");
  },
};

/** What `best` prefers. */
const ENCODERS = [
  ["br", brotliCompressSync],
  ["gzip", gzipSync],
];

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Grants the upgrade and echoes short frames; a close frame is answered, and ends it. */
function websocket(asked, socket) {
  const accept = createHash("sha1")
    .update(asked.headers["sec-websocket-key"] + GUID)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  socket.on("error", () => {});
  let held = Buffer.alloc(0);
  socket.on("data", (part) => {
    held = Buffer.concat([held, part]);
    while (held.length >= 6 && held.length >= 6 + (held[1] & 0x7f)) {
      const length = held[1] & 0x7f;
      const mask = held.subarray(2, 6);
      const payload = held.subarray(6, 6 + length).map((byte, at) => byte ^ mask[at % 4]);
      socket.write(Buffer.concat([Buffer.from([held[0], length]), payload]));
      if ((held[0] & 0x0f) === 8) socket.end();
      held = held.subarray(6 + length);
    }
  });
}
