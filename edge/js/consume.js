// The consumer of the Queue: messages that an isolate of this Worker has sent are delivered to the backend. The platform counts the attempts
// (`max_retries` of the consumer) and has a dead letter queue.
import { make } from "./call.js";
import { failed } from "./isolate.js";

/** Delivers a batch of messages, each of which is a batch of spans. */
export async function consume(isolate, batch, env) {
  let delaySeconds;
  for (const message of batch.messages) {
    // The backend asked for a pause.
    if (delaySeconds === undefined) delaySeconds = await delivered(isolate, message, env);
    else message.retry({ delaySeconds });
  }
}

/** For how many seconds the backend must not be called; undefined if it may be called. */
async function delivered(isolate, message, env) {
  try {
    const { body, attempts } = message;
    const consumer = isBytes(body) ? isolate.core.consume(new Uint8Array(body), attempts) : undefined;
    if (consumer === undefined) {
      console.error(`gatespan: message ${message.id} is not of this configuration`);
      message.retry({ delaySeconds: MINUTE });
      return undefined;
    }
    for (let call; (call = consumer.poll(Date.now())); ) await make(isolate, consumer, call);
    const delaySeconds = consumer.pause_s(Date.now());
    await settle(consumer, message, env, delaySeconds);
    isolate.core.count_consumed(consumer);
    return delaySeconds;
  } catch (error) {
    failed(isolate, error);
    message.retry();
    return undefined;
  }
}

/** A message for another configuration waits for it. It must not use up its attempts before. */
export const MINUTE = 60;

/** Other types are not messages of ours, and a number would become the length of an array. */
const isBytes = (body) => body instanceof ArrayBuffer || body instanceof Uint8Array;

async function settle(consumer, message, env, delaySeconds) {
  if (delaySeconds === undefined) return message.ack();
  if (consumer.is_whole()) return message.retry({ delaySeconds });
  // A part was accepted: only the rest is sent again.
  const rest = [];
  for (let body; (body = consumer.left(rest.length)); ) rest.push({ body, contentType: "bytes" });
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
