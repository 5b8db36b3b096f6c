// One call to a backend.

/** Makes a call and tells `owner` what came of it. */
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
    const beginning = await read(response, call.wanted());
    const asked = pauses.map((name) => response.headers.get(name) ?? "");
    call.answered(response.status, asked.join("\n"), beginning);
  } catch (error) {
    console.warn(`gatespan: no answer from the backend: ${error}`);
  }
  owner.settle(call, Date.now());
}

/** How an answer begins, read to its end: one that breaks off is none, and one that nobody reads holds one of this request's
 * six connections. */
async function read(response, most) {
  const beginning = new Uint8Array(most);
  let length = 0;
  const write = (chunk) => {
    const piece = chunk.subarray(0, most - length);
    beginning.set(piece, length);
    length += piece.length;
  };
  await response.body?.pipeTo(new WritableStream({ write }));
  return beginning.subarray(0, length);
}
