// A request whose message may name its parent is read before it is decided, as far as it has to be. Its body goes on as if
// nothing had been.
import { attempt } from "./isolate.js";
import { requestLength } from "./observe.js";

/**
 * What reads ahead in a request, by its number, the pieces that it was shown, and the length of the whole body; nothing if
 * none has to be.
 */
export async function readAhead(isolate, request, facts, now, ctx) {
  const number = isolate.core.read_ahead(facts, now);
  if (number === undefined) return undefined;
  const length = requestLength(request);
  const reading = read(isolate, request.body, number);
  // Or the platform would forget a request whose caller leaves meanwhile, and nobody would hear of it.
  ctx.waitUntil(reading);
  return { number, length, pieces: await reading };
}

async function read(isolate, body, number) {
  const pieces = [];
  const reader = body.getReader();
  try {
    for (let awaits = true; awaits; ) {
      const { value } = await reader.read();
      awaits = false;
      if (value === undefined) break;
      pieces.push(value);
      attempt(isolate, () => (awaits = isolate.core.awaits(number, value)));
    }
  } catch {
    // It broke off: whoever reads on will find that too.
  }
  reader.releaseLock();
  return pieces;
}

/** A body of this length, which may be unknown; pieces that were read of it stand in front again. */
export function whole(pieces, rest, length) {
  const through = length === null ? pieces && new IdentityTransformStream() : new FixedLengthStream(length);
  if (!pieces) return through ? rest.pipeThrough(through) : rest;
  // Whoever reads it is told when it fails.
  put(pieces, rest, through.writable).catch(() => {});
  return through.readable;
}

async function put(pieces, rest, writable) {
  const writer = writable.getWriter();
  for (const piece of pieces) await writer.write(piece);
  writer.releaseLock();
  await rest.pipeTo(writable);
}
