// One request: the core decides, its headers are changed, it is forwarded, and its end is recorded.
import { Ending, StatusRequest } from "gatespan-core";
import { lengthOf, readRequest, readResponse, readResponseHeaders, requestLength } from "./bodies.js";
import { readHeld, whole } from "./held.js";
import { failed } from "./isolate.js";
import { local } from "./local.js";
import { statusRequest } from "./status.js";
import { begin, end } from "./stream.js";

/** Forwards a request as the core decides. */
export async function forward(isolate, request, env, ctx) {
  const url = normalised(request.url);
  if (url === undefined) return local.unreadable(request);
  const joined = [];
  let admission, held;
  try {
    const [text, now] = [textOf(request, url, isolate, joined), Date.now()];
    admission = isolate.core.admit(text, request.body !== null, now).split("\n");
    if (admission[0] === "H") {
      const number = +admission[1];
      held = await readHeld(isolate, request, number, ctx);
      admission = isolate.core.admit_held(text, number, Date.now()).split("\n");
    }
  } catch (error) {
    failed(isolate, error);
    return local.failed(request);
  }
  if (admission[0] === "R") return rejection(admission);
  const [, number, origin, trace] = admission;
  const readsBodies = admission[0] === "B";
  const stream = number === "" ? null : begin(isolate, +number, env, ctx);
  if (origin === "") return own(isolate, trace, stream, Ending.NoOrigin, local.noOrigin(request));
  const place = isolate.origins[origin];
  let response;
  try {
    let body = held ? held.rest : request.body;
    if (held || (readsBodies && body)) {
      const length = held ? held.length : requestLength(request);
      if (readsBodies) body = readRequest(stream, body);
      body = whole(held?.chunks, body, length);
    }
    response = await send(place, request, url, env, admission, joined, body);
  } catch (error) {
    if (request.signal.aborted) {
      if (stream) end(stream, Ending.ClientLeft, 0);
      throw error;
    }
    console.warn(`gatespan: origin ${place}: ${error}`);
    return own(isolate, trace, stream, Ending.OriginUnreachable, local.unreachable(request));
  }
  const body = stream ? watched(stream, request, response, readsBodies, isUrl(place)) : response.body;
  if (body === response.body && (trace === "" || !canBeRebuilt(response))) return response;
  return withTrace(isolate, trace, new Response(body, response));
}

/** Whether the platform can construct a response like this one. It passes on any response that it has received. */
const canBeRebuilt = ({ status, webSocket }) => (status >= 200 && status < 600) || Boolean(webSocket);

/** An origin is a URL or the name of a service binding. */
const isUrl = (place) => place.includes("://");

/**
 * The URL as `fetch` normalises it (`/../` and more). The core must see the path that the origin will get, or a client could avoid a rule by path.
 * The platform does not normalise it, and may not be able to read it.
 */
const normalised = (url) => URL.parse(url)?.href.split("#", 1)[0];

/** The request for the core, one item a line. Names of headers that may be several copies are added to `joined`. */
function textOf(request, url, { wanted, prefixes }, joined) {
  let text = `${request.method}\n${url}`;
  request.headers.forEach((value, name) => {
    if (wanted.has(name) || prefixes.some((prefix) => name.startsWith(prefix))) {
      text += `\n${name}\n${value}`;
      if (value.includes(", ")) joined.push(name);
    }
  });
  return text;
}

/** Calls an origin. The body and all other headers are unchanged. */
function send(place, request, url, env, admission, joined, body = request.body) {
  const target = isUrl(place) ? place + pathOf(url) : url;
  const headers = new Headers(request.headers);
  // The core has judged all copies as one header. The origin must not take only the first copy.
  if (admission[0] !== "U") for (const name of joined) headers.set(name, headers.get(name));
  apply(admission, headers);
  const { method, signal } = request;
  const init = { headers, signal, cf: ofPlatform(request), redirect: "manual", encodeResponseBody: "manual" };
  // A copy of a Request that is then changed costs twice; but GET and HEAD may have a body in no other way.
  const isCopied = body !== null && (method === "GET" || method === "HEAD");
  const asked = isCopied ? new Request(target, request) : target;
  if (!isCopied) Object.assign(init, { method, body });
  return isUrl(place) ? fetch(asked, init) : env[place].fetch(asked, init);
}

/**
 * What the platform, or a Worker that binds ours, has put into `cf`. The runtime derives `cacheControl` from `cacheTtl`, and
 * throws where it is given both.
 */
function ofPlatform({ cf }) {
  if (cf?.cacheTtl === undefined) return cf;
  const { cacheControl: _, ...given } = cf;
  return given;
}

/** Applies the edits: removals first. */
function apply(admission, headers) {
  let at = FIRST_EDIT;
  for (const sets = at + +admission[at - 1]; at < sets; at += 1) headers.delete(admission[at]);
  for (; at < admission.length; at += 2) headers.set(admission[at], admission[at + 1]);
}

const FIRST_EDIT = 5;

/** The path and the query of a URL. */
function pathOf(url) {
  return url.slice(url.indexOf("/", url.indexOf("://") + 3));
}

/**
 * The body of a response, whose end is recorded. The runtime moves the bytes from stream to stream. If there is no body, or its end cannot be
 * seen, the stream ends now.
 */
function watched(stream, request, response, readsBodies, isOverHttp) {
  const { body, status, headers } = response;
  if (readsBodies) readResponseHeaders(stream, response);
  const grpc = headers.get("grpc-status");
  if (body === null || response.webSocket || !canBeRebuilt(response)) {
    end(stream, Ending.Complete, status, { grpc });
    return body;
  }
  const bytes = isOverHttp ? lengthOf(headers) : null;
  const { readable, writable } = bytes === null ? new IdentityTransformStream() : new FixedLengthStream(bytes);
  (readsBodies ? readResponse(stream, body) : body).pipeTo(writable).then(
    () => end(stream, Ending.Complete, status, { grpc, bytes }),
    () => end(stream, request.signal.aborted ? Ending.ClientLeft : Ending.OriginBroke, status, { grpc }),
  );
  return readable;
}

/** A response of our own to a request that was not rejected. */
function own(isolate, trace, stream, ending, response) {
  if (stream) end(stream, ending, response.status, { grpc: response.headers.get("grpc-status") });
  return withTrace(isolate, trace, response);
}

function withTrace(isolate, trace, response) {
  if (trace !== "") response.headers.set(isolate.traceHeader, trace);
  return response;
}

/** The response to a request that is rejected. */
function rejection(admission) {
  const headers = new Headers();
  for (let at = 3; at < admission.length; at += 2) headers.set(admission[at], admission[at + 1]);
  return new Response(admission[2] || null, { status: +admission[1], headers });
}

/** With an invalid configuration nothing is enforced, so requests are forwarded only if GATESPAN_ON_CONFIG_ERROR allows it and ORIGIN is valid. */
export async function misconfigured({ faults, fallback }, request, env) {
  const place = env.GATESPAN_ON_CONFIG_ERROR === "pass" ? fallback?.origin() : undefined;
  if (place === undefined || statusRequest(fallback, request) !== StatusRequest.None) {
    return local.misconfigured(request, env.GATESPAN_ENV === "development" ? faults : []);
  }
  const url = normalised(request.url);
  if (url === undefined) return local.unreadable(request);
  try {
    return await send(place, request, url, env, UNCHANGED, []);
  } catch (error) {
    console.warn(`gatespan: origin ${place}: ${error}`);
    return local.unreachable(request);
  }
}

/** The admission of a request that is forwarded unchanged. */
const UNCHANGED = ["U", "", "", "", "0"];
