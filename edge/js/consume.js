// The other side of the Queue: what this Worker or another isolate of it has put there is brought to the backend. Tries are
// the platform's to count: `max_retries` of the consumer, and then its dead letter queue.
import { make } from "./call.js";
import { failed } from "./isolate.js";

/** Delivers a batch of messages, each of which is a batch of spans. */
export async function consume(isolate, batch, env) {
  let delaySeconds;
  for (const message of batch.messages) {
    // A backend that wants to be left alone is left alone.
    if (delaySeconds === undefined) delaySeconds = await delivered(isolate, message, env);
    else message.retry({ delaySeconds });
  }
}

/** For how many seconds the backend is to be left alone; undefined if it may be called. */
async function delivered(isolate, message, env) {
  try {
    const { body, attempts } = message;
    const courier = isBytes(body) ? isolate.core.courier(new Uint8Array(body), attempts) : undefined;
    if (courier === undefined) {
      console.error(`gatespan: message ${message.id} is not of this configuration`);
      message.retry({ delaySeconds: MINUTE });
      return undefined;
    }
    for (let call; (call = courier.poll(Date.now())); ) await make(isolate, courier, call);
    const delaySeconds = courier.pause(Date.now());
    await settle(courier, message, env, delaySeconds);
    isolate.core.brought(courier);
    return delaySeconds;
  } catch (error) {
    failed(isolate, error);
    message.retry();
    return undefined;
  }
}

/** What waits for another configuration should not use up its tries before that comes. */
export const MINUTE = 60;

/** Anything else is somebody else's, and a number would be the length of an array. */
const isBytes = (body) => body instanceof ArrayBuffer || body instanceof Uint8Array;

async function settle(courier, message, env, delaySeconds) {
  if (delaySeconds === undefined) return message.ack();
  if (courier.is_whole()) return message.retry({ delaySeconds });
  // A part was accepted: only the rest goes round once more.
  const rest = [];
  for (let body; (body = courier.left(rest.length)); ) rest.push({ body, contentType: "bytes" });
  try {
    await put(env.GATESPAN_QUEUE, rest, delaySeconds);
    message.ack();
  } catch (error) {
    console.warn(`gatespan: the Queue failed, and the whole message is retried: ${error}`);
    message.retry({ delaySeconds });
  }
}

/**
 * Puts messages on the Queue. A call that fails may have been taken in part, so the same bytes are sent again: a backend that
 * files by ids has each span once. To retry the whole message instead would send it what it has accepted as well.
 */
async function put(queue, messages, delaySeconds) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await queue.sendBatch(messages, { delaySeconds });
    } catch (error) {
      if (tries === TRIES) throw error;
      await scheduler.wait(PAUSE_MS);
    }
  }
}

const TRIES = 3;
const PAUSE_MS = 100;
