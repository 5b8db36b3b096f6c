"""An application of Lilypad's SDK, under uvicorn; LILYPAD_PROPAGATOR says which headers it reads and writes.

`/answer` continues the trace of whoever calls. `/call` begins one, and calls the URL in the header `x-next`.
"""

import asyncio
import json

import httpx
import lilypad
from opentelemetry import trace

# The SDK's calls carry its context.
lilypad.configure(auto_http=True)


@lilypad.trace(name="answer")
def answer(question: str) -> dict:
    inner(question)
    return place()


@lilypad.trace(name="inner")
def inner(question: str) -> str:
    return question.upper()


@lilypad.trace(name="call")
def call(url: str) -> dict:
    return {**place(), "next": httpx.get(url, timeout=20).json()}


def place() -> dict:
    """Where the current span stands."""
    span = trace.get_current_span()
    context, parent = span.get_span_context(), span.parent
    told = {"trace": f"{context.trace_id:032x}", "span": f"{context.span_id:016x}"}
    return {**told, "parent": parent and f"{parent.span_id:016x}"}


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    # ASGI spells names in lower case, which is how the SDK looks them up.
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["path"] == "/call":
        # On another thread, for this one may have to answer the call.
        said = await asyncio.to_thread(call, headers["x-next"])
    else:
        with lilypad.propagated_context(extract_from=headers):
            said = answer("asked")
    # So that a test need not wait for the SDK's own interval.
    await asyncio.to_thread(trace.get_tracer_provider().force_flush)
    body = json.dumps({**said, "headers": headers}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
