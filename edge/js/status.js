// The counters of this isolate, for those who know the secret. Each isolate has its own, and there are many.
import { failed } from "./isolate.js";
import { local } from "./local.js";

export function status(isolate, request) {
  try {
    const counters = isolate.core.status(request.headers.get("authorization") ?? "");
    if (counters === undefined) return local.unauthorized(request);
    return new Response(counters, { headers: { "content-type": "application/json", "cache-control": "no-store" } });
  } catch (error) {
    failed(isolate, error);
    return local.failed(request);
  }
}
