// The soak of `make soak`, for twenty seconds.

import assert from "node:assert/strict";
import { proof } from "./proof.mjs";
import { soak } from "./soak.mjs";

const SECONDS = 20;

proof("every trouble under load", async (stage, context) => {
  const { faults, table } = await soak(stage, SECONDS);
  for (const line of table) context.diagnostic(line);
  assert.deepEqual(faults, []);
});
