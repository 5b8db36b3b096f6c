// The Worker: its handlers, and nothing else.
import { MINUTE, consume } from "./consume.js";
import { forward, misconfigured } from "./forward.js";
import { isolateOf } from "./isolate.js";
import { status } from "./status.js";

export default {
  fetch(request, env, ctx) {
    const isolate = isolateOf(env);
    if (isolate.faults) return misconfigured(isolate, request, env);
    const shown = isolate.hasStatus ? status(isolate, request) : undefined;
    return shown ?? forward(isolate, request, env, ctx);
  },

  queue(batch, env) {
    const isolate = isolateOf(env);
    if (isolate.faults) return batch.retryAll({ delaySeconds: MINUTE });
    return consume(isolate, batch, env);
  },
};
