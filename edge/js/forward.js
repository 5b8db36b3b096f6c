// One request: asked about, changed, forwarded, and seen to its end.
import { Ending, StatusRequest } from "gatespan-core";
import { readAhead, whole } from "./ahead.js";
import { failed } from "./isolate.js";
import { local } from "./local.js";
import { answers, lengthOf, observedAnswer, observedRequest, requestLength } from "./observe.js";
import { NOBODYS, ended, opened } from "./span.js";
import { statusRequest } from "./status.js";

/** Forwards a request as the core says. */
export async function forward(isolate, request, env, ctx) {
  const url = spelt(request.url);
  if (url === undefined) return local.unreadable(request);
  const joined = [];
  let answer, held;
  try {
    const [told, now] = [facts(request, url, isolate, joined), Date.now()];
    if (isolate.readsAhead && request.body) held = await readAhead(isolate, request, told, now, ctx);
    answer = isolate.core.admit(told, now, held?.number ?? NOBODYS).split("\n");
  } catch (error) {
    failed(isolate, error);
    return local.failed(request);
  }
  if (answer[0] === "R") return refusal(answer);
  const [, number, origin, trace] = answer;
  const isRead = answer[0] === "B";
  const span = number === "" ? null : opened(isolate, +number, env, ctx);
  if (origin === "") return own(isolate, trace, span, Ending.NoOrigin, local.noOrigin(request));
  const place = isolate.origins[origin];
  let response;
  try {
    let { body } = request;
    if (held || (isRead && body)) {
      const length = held ? held.length : requestLength(request);
      if (isRead) body = observedRequest(span, body);
      body = whole(held?.pieces, body, length);
    }
    response = await send(place, request, url, env, answer, joined, body);
  } catch (error) {
    if (request.signal.aborted) {
      if (span) ended(span, Ending.CallerLeft, 0);
      throw error;
    }
    console.warn(`gatespan: origin ${place}: ${error}`);
    return own(isolate, trace, span, Ending.OriginUnreachable, local.unreachable(request));
  }
  const body = span ? watched(span, request, response, isRead, isUrl(place)) : response.body;
  if (body === response.body && (trace === "" || !canBeRebuilt(response))) return response;
  return exposing(isolate, trace, new Response(body, response));
}

/** Whether the platform makes a response like this one. What it was given it passes in any case. */
const canBeRebuilt = ({ status, webSocket }) => (status >= 200 && status < 600) || Boolean(webSocket);

/** An origin is a URL or the name of a service binding. */
const isUrl = (place) => place.includes("://");

/**
 * A URL as `fetch` would spell it, which resolves `/../` and more: what is judged has to be what is asked for, or a rule by
 * path is one detour away from no rule. The platform leaves it as it came, and may not be able to read it.
 */
const spelt = (url) => URL.parse(url)?.href.split("#", 1)[0];

/** What the core wants to know: a line each. Headers that may have come in several copies are told in `joined`. */
function facts(request, url, { wanted, beginnings }, joined) {
  let text = `${request.method}\n${url}`;
  request.headers.forEach((value, name) => {
    if (wanted.has(name) || beginnings.some((beginning) => name.startsWith(beginning))) {
      text += `\n${name}\n${value}`;
      if (value.includes(", ")) joined.push(name);
    }
  });
  return text;
}

/** Calls an origin. The body and all headers but ours go over as they are. */
function send(place, request, url, env, answer, joined, body = request.body) {
  const target = isUrl(place) ? place + pathOf(url) : url;
  const headers = new Headers(request.headers);
  // The core has judged the copies as the one header that they are to us; the origin must not see another first one.
  if (answer[0] !== "U") for (const name of joined) headers.set(name, headers.get(name));
  apply(answer, headers);
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

/** Removals first, then sets. */
function apply(answer, headers) {
  let at = FIRST_EDIT;
  for (const end = at + +answer[at - 1]; at < end; at += 1) headers.delete(answer[at]);
  for (; at < answer.length; at += 2) headers.set(answer[at], answer[at + 1]);
}

const FIRST_EDIT = 5;

/** The path and the query of a URL. */
function pathOf(url) {
  return url.slice(url.indexOf("/", url.indexOf("://") + 3));
}

/**
 * The body of a response, with an eye on its end. The bytes go from stream to stream inside the runtime. Where there is no
 * end to see, the span ends now.
 */
function watched(span, request, response, isRead, isOverHttp) {
  const { body, status, headers } = response;
  if (isRead) answers(span, response);
  const grpc = headers.get("grpc-status");
  if (body === null || response.webSocket || !canBeRebuilt(response)) {
    ended(span, Ending.Complete, status, { grpc });
    return body;
  }
  const bytes = isOverHttp ? lengthOf(headers) : null;
  const { readable, writable } = bytes === null ? new IdentityTransformStream() : new FixedLengthStream(bytes);
  (isRead ? observedAnswer(span, body) : body).pipeTo(writable).then(
    () => ended(span, Ending.Complete, status, { grpc, bytes }),
    () => ended(span, request.signal.aborted ? Ending.CallerLeft : Ending.OriginBroke, status, { grpc }),
  );
  return readable;
}

/** An answer of ours to a request that was let through. */
function own(isolate, trace, span, ending, response) {
  if (span) ended(span, ending, response.status, { grpc: response.headers.get("grpc-status") });
  return exposing(isolate, trace, response);
}

function exposing(isolate, trace, response) {
  if (trace !== "") response.headers.set(isolate.exposing, trace);
  return response;
}

/** The answer to a request that goes no further. */
function refusal(answer) {
  const headers = new Headers();
  for (let at = 3; at < answer.length; at += 2) headers.set(answer[at], answer[at + 1]);
  return new Response(answer[2] || null, { status: +answer[1], headers });
}

/** Without a configuration nothing is enforced, so nothing passes unless somebody has said that it may, and to a good ORIGIN. */
export async function misconfigured({ faults, fallback }, request, env) {
  const place = env.GATESPAN_ON_CONFIG_ERROR === "pass" ? fallback?.origin() : undefined;
  if (place === undefined || statusRequest(fallback, request) !== StatusRequest.None) {
    return local.misconfigured(request, env.GATESPAN_ENV === "development" ? faults : []);
  }
  const url = spelt(request.url);
  if (url === undefined) return local.unreadable(request);
  try {
    return await send(place, request, url, env, UNCHANGED, []);
  } catch (error) {
    console.warn(`gatespan: origin ${place}: ${error}`);
    return local.unreachable(request);
  }
}

/** What the core says when it wants nothing. */
const UNCHANGED = ["U", "", "", "", "0"];
