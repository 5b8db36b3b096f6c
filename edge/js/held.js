// A request whose body may name its parent is held: its body is read first, as far as needed, and then sent on unchanged.
import { requestLength } from "./bodies.js";
import { attempt } from "./isolate.js";

/**
 * Reads the body of a held request until the core has decided enough, or the time is over. Returns the chunks that were read, the rest of the
 * body, and the length of the whole body.
 */
export async function readHeld(isolate, request, number, ctx) {
  const length = requestLength(request);
  const reading = read(isolate, request.body, number);
  // Without this the platform forgets a request whose client leaves meanwhile, and it would not be recorded.
  ctx.waitUntil(reading);
  return { length, ...(await reading) };
}

async function read(isolate, body, number) {
  const chunks = [];
  const reader = body.getReader();
  const overdue = scheduler.wait(isolate.core.held_ms(number, Date.now())).then(() => OVERDUE);
  try {
    for (let needsMore = true; needsMore; ) {
      const next = reader.read();
      const result = await Promise.race([next, overdue]);
      // The chunk that is still awaited belongs to the rest.
      if (result === OVERDUE) return { chunks, rest: resumed(reader, next, body) };
      needsMore = false;
      if (result.value === undefined) break;
      chunks.push(result.value);
      attempt(isolate, () => (needsMore = isolate.core.held_chunk(number, result.value)));
    }
  } catch {
    // The body broke off. Reading the rest will fail too.
  }
  reader.releaseLock();
  return { chunks, rest: body };
}

const OVERDUE = Symbol("overdue");

/** A body with a chunk that was asked for and is not there yet. */
function resumed(reader, next, body) {
  const { readable, writable } = new IdentityTransformStream();
  const resume = async () => {
    const { value } = await next;
    reader.releaseLock();
    if (value === undefined) return writable.close();
    await send([value], body, writable);
  };
  // The reader of the stream is told when it fails.
  resume().catch((error) => writable.abort(error).catch(() => {}));
  return readable;
}

/** A body of this length, which may be unknown. Chunks that were read come first. */
export function whole(chunks, rest, length) {
  const through = length === null ? chunks && new IdentityTransformStream() : new FixedLengthStream(length);
  if (!chunks) return through ? rest.pipeThrough(through) : rest;
  // The reader of the stream is told when it fails.
  send(chunks, rest, through.writable).catch(() => {});
  return through.readable;
}

async function send(chunks, rest, writable) {
  const writer = writable.getWriter();
  for (const chunk of chunks) await writer.write(chunk);
  writer.releaseLock();
  await rest.pipeTo(writable);
}
