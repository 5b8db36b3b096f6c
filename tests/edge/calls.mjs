// Calls of models, from the table that both gateways are tested with.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./places.mjs";

export const TABLE = JSON.parse(readFileSync(join(ROOT, "tests/scenarios/genai.json"), "utf8"));
export const CALLS = new Map(TABLE.rows.map((row) => [row.name, row]));

/** The body as it is sent. A packed one comes in two: what is read from it must not need all of it. */
export function pieces({ pieces, base64 }) {
  if (pieces) return pieces.map((piece) => Buffer.from(piece));
  const packed = Buffer.from(base64, "base64");
  return [packed.subarray(0, 100), packed.subarray(100)];
}
