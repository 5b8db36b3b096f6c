// Calls of models and tools, from the table that both gateways are tested with (tests/scenarios/genai.json says what is in a
// row).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, crc32, gzipSync } from "node:zlib";
import { ROOT } from "./places.mjs";

const HOME = join(ROOT, "tests/scenarios");
const read = (name) => JSON.parse(readFileSync(join(HOME, name), "utf8"));
export const TABLE = read("genai.json");
const FRAMES = "application/vnd.amazon.eventstream";

/** RFC 7396. */
function changed(value, change) {
  const isObject = (one) => one !== null && typeof one === "object" && !Array.isArray(one);
  if (!isObject(change)) return change;
  const made = isObject(value) ? { ...value } : {};
  for (const [name, part] of Object.entries(change)) {
    if (part === null) delete made[name];
    else made[name] = changed(made[name], part);
  }
  return made;
}

/** A row, with what it takes over from another one. What breaks off is its own. */
function over(like, { cut, ...row }) {
  return { ...changed(like, row), cut };
}

export const CALLS = new Map();
for (const family of TABLE.families) {
  for (const row of read(`genai/${family}.json`).rows) {
    CALLS.set(row.name, row.like ? over(CALLS.get(row.like), row) : row);
  }
}

/** The row, as it is when its answer breaks off. */
export function cut(row) {
  const { pieces, ...change } = row.cut;
  return changed(row, change);
}

export const isStream = ({ streams, type }) => Boolean(streams) || !type.startsWith("application/json");

const ruled = [...CALLS.values()].filter(({ rule }) => rule).map(({ path, rule }) => [path.split("?")[0], rule]);
/** The rules of the rows, each for its path. */
export const RULES = [...new Map(ruled)].map(([path, rule]) => ({ match: { path }, ...rule }));

const number = (bytes, value) => {
  const made = Buffer.alloc(bytes);
  made.writeUIntBE(value, 0, bytes);
  return made;
};

/** A frame of Amazon's event stream. */
function framed(name, kind, payload) {
  const said = { [`:${kind}-type`]: name, ":content-type": "application/json", ":message-type": kind };
  const header = ([key, value]) => [number(1, key.length), Buffer.from(`${key}\x07`), number(2, value.length), Buffer.from(value)];
  const headers = Buffer.concat(Object.entries(said).flatMap(header));
  const prelude = Buffer.concat([number(4, 16 + headers.length + payload.length), number(4, headers.length)]);
  const frame = Buffer.concat([prelude, number(4, crc32(prelude)), headers, payload]);
  return Buffer.concat([frame, number(4, crc32(frame))]);
}

/** A piece, as the row's type wants it. */
function written({ type, wrapped, line_end: end = "\n", streams }, piece) {
  if (typeof piece === "string") return Buffer.from(piece);
  const [kind, name, document] = ["event", ...(Array.isArray(piece) ? piece : [undefined, piece])].slice(-3);
  let content = JSON.stringify(document);
  if (type === FRAMES) {
    if (wrapped && kind === "event") {
      content = JSON.stringify({ bytes: Buffer.from(content).toString("base64"), p: "abcd" });
    }
    return framed(name, kind, Buffer.from(content));
  }
  if (type.startsWith("text/event-stream")) {
    const event = name ? `event: ${name}${end}` : "";
    return Buffer.from(`${event}data: ${content}${end}${end}`);
  }
  return Buffer.from(content + (isStream({ type }) ? end : ""));
}

/** The pieces before they are packed. */
function plain(row) {
  const made = row.pieces.map((piece) => written(row, piece));
  if (!row.split) return made;
  const whole = Buffer.concat(made);
  return row.split.concat(whole.length).map((end, at) => whole.subarray(row.split[at - 1] ?? 0, end));
}

/** The body as it is sent. */
export const pieces = (row) => (row.base64 ? row.base64.map((piece) => Buffer.from(piece, "base64")) : plain(row));

/** The body of the request. */
export function asked(row) {
  const body = Buffer.from(JSON.stringify(row.asked));
  return row.asked_encoding === "gzip" ? gzipSync(body) : body;
}

/** What the request says besides. */
export const lines = ({ headers = [], asked_encoding: encoding }) => [
  "content-type: application/json",
  ...(encoding ? [`content-encoding: ${encoding}`] : []),
  ...headers,
];

/** What is packed in a way that nobody else here reads is what its row says. */
export const isAsPacked = (row) =>
  row.encoding !== "br" || brotliDecompressSync(Buffer.concat(pieces(row))).equals(Buffer.concat(plain(row)));
