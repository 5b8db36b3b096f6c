// The Worker's own responses. A gRPC client reads the status from headers.

/** The media type of a response to a gRPC client; undefined for other clients. The core has the same rule. */
function grpcMedia(request) {
  const kind = request.headers.get("content-type")?.match(/^application\/grpc(-web(?:-text)?)?(?![^+; \t])/i);
  if (!kind) return undefined;
  return kind[1] ? `application/grpc${kind[1].toLowerCase()}+proto` : "application/grpc";
}

/** One kind of response: its status in HTTP and in gRPC, and its texts. */
const response = (status, grpc, title, fault, detail) => (request, details) => {
  const text = `${fault}: ${details?.length ? details.join("; ") : detail}`;
  const media = grpcMedia(request);
  if (media) {
    const headers = {
      "content-type": media,
      "grpc-status": `${grpc}`,
      // gRPC's percent-encoding leaves these characters unchanged.
      "grpc-message": text.replace(/[^ -$&-~]+/g, encodeURIComponent),
    };
    return new Response(null, { headers });
  }
  const body = JSON.stringify({ type: "about:blank", title, status, detail: text, fault });
  return new Response(body, { status, headers: { "content-type": "application/problem+json" } });
};

export const local = {
  unreadable: response(400, 3, "no URL", "bad_url", "the request's URL cannot be read"),
  noOrigin: response(404, 12, "no origin", "no_route", "no origin is configured for this request"),
  unreachable: response(502, 14, "origin unavailable", "upstream_unavailable", "the origin gave no response"),
  misconfigured: response(500, 13, "gateway misconfigured", "config", "the configuration is faulty; its faults are in the log"),
  unauthorized: response(401, 16, "not for you", "unauthorized", "this path wants its secret"),
  misplaced: response(404, 12, "not the status path", "status_secret", "authorization has the status secret: it goes no further"),
  failed: response(500, 13, "gateway failed", "internal", "the gateway failed at this request"),
};
