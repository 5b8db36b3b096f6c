// One call to a backend.

/** Makes a call and tells `owner` what came of it. */
export async function make({ pauses, timeout }, owner, call) {
  let status = 0;
  let pause;
  try {
    const headers = call.headers();
    const response = await fetch(call.url(), {
      method: "POST",
      headers: Array.from({ length: headers.length / 2 }, (_, at) => headers.slice(2 * at, 2 * at + 2)),
      body: call.body(),
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    pause = pauses.map((name) => response.headers.get(name)).find((text) => /^\d{1,9}$/.test(text ?? ""));
    // To its end: an answer that breaks off is none, and one that nobody reads holds one of this request's six connections.
    await response.body?.pipeTo(new WritableStream());
    ({ status } = response);
  } catch (error) {
    console.warn(`gatespan: no answer from the backend: ${error}`);
  }
  owner.settle(call, status, pause === undefined ? undefined : +pause, Date.now());
}
