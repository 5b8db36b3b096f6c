// A small load generator: keep-alive connections, each with one request under way.

import net from "node:net";

/** The end of the origin's answer, by which the generator knows that it has all of it. */
export const MARK = "-- that was all --\n";

/** Requests as callers send them: without a trace, inside one of Opik's, inside one of OpenTelemetry's. */
const TRACES = [
  "",
  "opik_trace_id: 019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814\r\nopik_parent_span_id: 019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe\r\n",
  "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
];
const COMMON = [
  "host: llm.example.com",
  "user-agent: bench/1",
  "accept: application/json",
  "accept-language: en",
  "authorization: Bearer 0123456789abcdef0123456789abcdef",
  "cookie: session=0123456789abcdef",
  "x-request-id: 5f3c1b9e-5d0f-4b72-9a3e-6f3e7c41e814",
  "cf-connecting-ip: 203.0.113.9",
].join("\r\n");
const REQUESTS = TRACES.map((lines) => Buffer.from(`GET /v1/chat?model=small HTTP/1.1\r\n${COMMON}\r\n${lines}\r\n`));

/** Sends that many requests, and tells how long each took, in microseconds. */
export async function load(port, count, connections = 8) {
  const took = [];
  let sent = 0;
  const converse = () =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ host: "127.0.0.1", port, noDelay: true });
      let begin;
      let got = "";
      const ask = () => {
        if (sent === count) return socket.end();
        begin = performance.now();
        socket.write(REQUESTS[sent++ % REQUESTS.length]);
      };
      socket.on("connect", ask);
      socket.on("data", (part) => {
        got += part.latin1Slice();
        // A body in chunks has its own end behind the mark.
        if (!got.includes(MARK) || (/\r\ntransfer-encoding: chunked/i.test(got) && !got.endsWith("0\r\n\r\n"))) return;
        if (!got.startsWith("HTTP/1.1 200")) return reject(new Error(got));
        took.push((performance.now() - begin) * 1000);
        got = "";
        ask();
      });
      socket.on("error", reject);
      socket.on("close", () => (got ? reject(new Error(`cut off: ${got}`)) : resolve()));
    });
  await Promise.all(Array.from({ length: connections }, converse));
  return took;
}
