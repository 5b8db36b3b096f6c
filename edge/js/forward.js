// One request: asked about, changed, forwarded, and seen to its end.
import { Ending } from "gatespan-core";
import { deliver, PATIENCE_MS } from "./deliver.js";
import { local } from "./local.js";

/** Forwards a request as the core says. */
export async function forward(isolate, request, env, ctx) {
  const answer = isolate.core.admit(facts(request, isolate), Date.now()).split("\n");
  if (answer[0] === "R") return refusal(answer);
  const [, span, origin, exposed] = answer;
  const flow = span === "" ? null : { isolate, ctx, span: +span };
  if (origin === "") {
    return exposing(isolate, exposed, ended(flow, Ending.NoOrigin, local.noOrigin(request)));
  }
  let response;
  try {
    response = await send(isolate.origins[origin], request, answer, env);
  } catch (error) {
    console.warn(`gatespan: origin ${origin}: ${error}`);
    const ending = request.signal.aborted ? Ending.CallerLeft : Ending.OriginUnreachable;
    return exposing(isolate, exposed, ended(flow, ending, local.unreachable(request)));
  }
  return exposing(isolate, exposed, flow ? watched(flow, request, response) : response);
}

/** What the core wants to know: a line each. */
function facts(request, { wanted, beginnings }) {
  let text = `${request.method}\n${request.url}`;
  request.headers.forEach((value, name) => {
    if (wanted.has(name) || beginnings.some((beginning) => name.startsWith(beginning))) {
      text += `\n${name}\n${value}`;
    }
  });
  return text;
}

/** Calls the origin. The body and all headers but ours go over as they are. */
function send(place, request, answer, env) {
  const isUrl = place.includes("://");
  const outgoing = new Request(isUrl ? place + pathOf(request.url) : request.url, request);
  apply(answer, outgoing.headers);
  return isUrl ? fetch(outgoing, UNTOUCHED) : env[place].fetch(outgoing, UNTOUCHED);
}

/** A compressed body stays as it is: else the runtime would unpack and pack it again. */
const UNTOUCHED = { encodeResponseBody: "manual" };

function apply(answer, headers) {
  let at = FIRST_EDIT;
  for (const end = at + +answer[at - 1]; at < end; at += 1) headers.delete(answer[at]);
  for (; at < answer.length; at += 2) headers.set(answer[at], answer[at + 1]);
}

const FIRST_EDIT = 5;

function pathOf(url) {
  return url.slice(url.indexOf("/", url.indexOf("://") + 3));
}

/** The response, with an eye on its end. Its bytes go from stream to stream inside the runtime. */
function watched(flow, request, response) {
  if (response.body === null || response.webSocket) return ended(flow, Ending.Complete, response);
  const length = response.headers.get("content-length");
  const { readable, writable } = length === null ? new IdentityTransformStream() : new FixedLengthStream(+length);
  const { status } = response;
  const grpc = response.headers.get("grpc-status");
  const end = (ending, bytes) => close(flow, ending, status, grpc, bytes);
  flow.ctx.waitUntil(
    response.body.pipeTo(writable).then(
      () => end(Ending.Complete, length === null ? -1 : +length),
      () => end(request.signal.aborted ? Ending.CallerLeft : Ending.OriginBroke, -1),
    ),
  );
  return new Response(readable, response);
}

/** A response that has ended before it is sent. */
function ended(flow, ending, response) {
  if (flow) flow.ctx.waitUntil(close(flow, ending, response.status, response.headers.get("grpc-status"), -1));
  return response;
}

/** Closes the span, and carries to the backend what is due. */
async function close({ isolate, span }, ending, status, grpc, bytes) {
  const grpcStatus = grpc === null ? -1 : +grpc;
  const wait = isolate.core.close(span, ending, status, grpcStatus, bytes, Date.now(), PATIENCE_MS);
  if (wait >= 0) await deliver(isolate, wait);
}

function exposing({ exposing }, trace, response) {
  if (trace === "") return response;
  const exposed = new Response(response.body, response);
  exposed.headers.set(exposing, trace);
  return exposed;
}

/** The answer to a request that goes no further. */
function refusal(answer) {
  const headers = new Headers();
  for (let at = 3; at < answer.length; at += 2) headers.set(answer[at], answer[at + 1]);
  return new Response(answer[2] || null, { status: +answer[1], headers });
}

/** Without a configuration nothing is enforced, so nothing passes unless somebody has said that it may. */
export function misconfigured({ faults }, request, env) {
  if (env.GATESPAN_ON_CONFIG_ERROR === "pass" && env.ORIGIN) {
    const place = typeof env.ORIGIN === "string" ? env.ORIGIN.replace(/\/+$/, "") : "ORIGIN";
    return send(place, request, ["P", "", "", "", "0"], env);
  }
  return local.misconfigured(request, env.GATESPAN_ENV === "development" ? faults : []);
}
