// An HTTP/1.1 client that sends the header lines it is given, and tells what came back byte for byte.

import http from "node:http";

/** `name: value` lines as a flat list, as node sends it unchanged. */
export const pairs = (lines) =>
  lines.flatMap((line) => {
    const at = line.indexOf(": ");
    return [line.slice(0, at), line.slice(at + 2)];
  });

const isStream = (body) => typeof body?.pipe === "function";

function framing(body) {
  if (body === undefined) return [];
  return isStream(body) ? ["transfer-encoding", "chunked"] : ["content-length", Buffer.byteLength(body)];
}

export class Answer {
  constructor(message) {
    this.message = message;
    this.status = message.statusCode;
    /** When each part of the body came. */
    this.chunks = [];
    this.cut = false;
  }

  all(name) {
    const raw = this.message.rawHeaders;
    return raw.filter((_, at) => at % 2 && raw[at - 1].toLowerCase() === name);
  }

  get body() {
    return Buffer.concat(this.chunks.map(({ bytes }) => bytes));
  }

  get text() {
    return this.body.toString();
  }

  json() {
    return JSON.parse(this.text);
  }
}

/**
 * The head of the answer; `answer.end` is a promise of all of it. One connection for each request, which is reset when
 * `left` resolves: a mere end the runtime takes for the end of what the caller has to say.
 */
export function open(port, { lines = [], method = "GET", target = "/", host = "localhost", body, left } = {}) {
  const headers = ["host", host, ...pairs(lines), ...framing(body)];
  return new Promise((resolve, reject) => {
    const asked = http.request({
      host: "127.0.0.1",
      port,
      method,
      path: target,
      headers,
      setHost: false,
      agent: false,
    });
    left?.then(() => asked.socket.resetAndDestroy());
    asked.on("error", reject);
    asked.on("response", (message) => {
      const answer = new Answer(message);
      answer.leave = () => asked.socket.resetAndDestroy();
      answer.end = new Promise((ended) => {
        message.on("data", (bytes) => answer.chunks.push({ bytes, at: performance.now() }));
        message.on("error", () => (answer.cut = true));
        message.on("close", () => {
          answer.cut ||= !message.complete;
          asked.destroy();
          ended(answer);
        });
      });
      resolve(answer);
    });
    if (isStream(body)) body.pipe(asked);
    else asked.end(body);
  });
}

export async function send(port, request = {}) {
  return await (
    await open(port, request)
  ).end;
}

/** One connection that stays: where there are many requests, new ones would be what is measured. */
export class Kept {
  constructor(port) {
    this.port = port;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  /** The status of the answer, once all of it is there. */
  ask(path) {
    return new Promise((resolve, reject) => {
      const asked = http.get({ host: "127.0.0.1", port: this.port, path, agent: this.agent }, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode));
      });
      asked.on("error", reject);
    });
  }

  end() {
    this.agent.destroy();
  }
}
