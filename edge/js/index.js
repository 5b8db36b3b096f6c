// The Worker: its handlers, and nothing else.
import { forward, misconfigured } from "./forward.js";
import { isolateOf } from "./isolate.js";

export default {
  fetch(request, env, ctx) {
    const isolate = isolateOf(env);
    return isolate.faults ? misconfigured(isolate, request, env) : forward(isolate, request, env, ctx);
  },
};
