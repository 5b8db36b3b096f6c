// The answers that are the Worker's own. A gRPC client reads its status in headers, whatever that of HTTP is.

/** The media type of an answer to a gRPC client, by that of its request; nothing for other clients. As the core has it. */
function grpcMedia(request) {
  const kind = request.headers.get("content-type")?.match(/^application\/grpc(-web(?:-text)?)?(?![^+; \t])/i);
  if (!kind) return undefined;
  return kind[1] ? `application/grpc${kind[1].toLowerCase()}+proto` : "application/grpc";
}

/** One kind of answer: its status in HTTP and in gRPC, and its words. */
const answer = (status, grpc, title, fault, detail) => (request, details) => {
  const text = `${fault}: ${details?.length ? details.join("; ") : detail}`;
  const media = grpcMedia(request);
  if (media) {
    const headers = {
      "content-type": media,
      "grpc-status": `${grpc}`,
      // What gRPC's percent-encoding leaves as it is.
      "grpc-message": text.replace(/[^ -$&-~]+/g, encodeURIComponent),
    };
    return new Response(null, { headers });
  }
  const body = JSON.stringify({ type: "about:blank", title, status, detail: text, fault });
  return new Response(body, { status, headers: { "content-type": "application/problem+json" } });
};

export const local = {
  unreadable: answer(400, 3, "no URL", "bad_url", "the request's URL cannot be read"),
  noOrigin: answer(404, 12, "no origin", "no_route", "no origin is configured for this request"),
  unreachable: answer(502, 14, "origin unavailable", "upstream_unavailable", "the origin gave no answer"),
  misconfigured: answer(500, 13, "gateway misconfigured", "config", "the configuration is faulty; its faults are in the log"),
  unauthorized: answer(401, 16, "not for you", "unauthorized", "this path wants its secret"),
  misplaced: answer(404, 12, "not the status path", "status_secret", "authorization has the status secret: it goes no further"),
  failed: answer(500, 13, "gateway failed", "internal", "the gateway failed at this request"),
};
