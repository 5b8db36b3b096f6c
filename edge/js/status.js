// The counters of this isolate, for a request with the secret. There are many isolates, each with its own counters.
import { StatusRequest } from "gatespan-core";
import { failed } from "./isolate.js";
import { local } from "./local.js";

/** The response to a request for the counters, or to one that carries their secret elsewhere; undefined for any other. */
export function status(isolate, request) {
  try {
    return RESPONSES[statusRequest(isolate.core, request)]?.(isolate, request);
  } catch (error) {
    failed(isolate, error);
    return local.failed(request);
  }
}

/** What a request asks of the status path. `core` may be what is left while the configuration is faulty. */
export function statusRequest(core, request) {
  return core.status_request(request.url, request.headers.get("authorization") ?? "");
}

const RESPONSES = {
  [StatusRequest.Counters]: counters,
  [StatusRequest.Unauthorized]: (_, request) => local.unauthorized(request),
  [StatusRequest.Misplaced]: (_, request) => local.misplaced(request),
};

function counters({ core }) {
  return new Response(core.status(), { headers: { "content-type": "application/json", "cache-control": "no-store" } });
}
