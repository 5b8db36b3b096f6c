// One call to a backend.

/** Makes a call and passes its outcome to `owner`. */
export async function make({ pauses, timeout }, owner, call) {
  try {
    const headers = call.headers();
    const response = await fetch(call.url(), {
      method: "POST",
      headers: Array.from({ length: headers.length / 2 }, (_, at) => headers.slice(2 * at, 2 * at + 2)),
      body: call.body(),
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    const beginning = await read(response, call.wanted_bytes());
    const asked = pauses.map((name) => response.headers.get(name) ?? "");
    call.set_response(response.status, asked.join("\n"), beginning);
  } catch (error) {
    console.warn(`gatespan: no response from the backend: ${error}`);
  }
  owner.settle(call, Date.now());
}

/**
 * The first `most` bytes of a response. One that breaks off before them counts as no response. The rest of a short response
 * is read, so that the connection can be used again. The rest of a long one is cancelled: reading it costs time and memory
 * of the isolate, and a body that is left unread holds one of the six connections of this request.
 */
async function read({ body }, most) {
  const beginning = new Uint8Array(most);
  if (body === null) return beginning.subarray(0, 0);
  const reader = body.getReader();
  let [kept, seen] = [0, 0];
  while (seen < Math.max(most, SHORT)) {
    const { value: chunk } = await reader.read();
    if (chunk === undefined) return beginning.subarray(0, kept);
    const wanted = chunk.subarray(0, most - kept);
    beginning.set(wanted, kept);
    kept += wanted.length;
    seen += chunk.length;
  }
  // Whether the rest can be cancelled does not matter: the response was read.
  reader.cancel().catch(() => {});
  return beginning;
}

/** Bytes of a short response. */
const SHORT = 4096;
