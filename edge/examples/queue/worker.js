// A Worker behind Gatespan that answers at once and works later. Its message carries the headers of the request that caused
// it, and the call that is made on its behalf continues the same trace.
import { messages } from "../../../dist/messages/messages.js";

export default {
  async fetch(request, env) {
    const { inject } = messages(env);
    await env.JOBS.send({ headers: inject(request.headers), work: await request.text() });
    return new Response("queued\n", { status: 202 });
  },

  async queue(batch, env) {
    const { extract } = messages(env);
    for (const message of batch.messages) {
      const { headers, work } = message.body;
      const response = await fetch(env.NEXT, { method: "POST", headers: extract(headers), body: work });
      await response.body?.cancel();
      if (response.ok) message.ack();
      else message.retry();
    }
  },
};
