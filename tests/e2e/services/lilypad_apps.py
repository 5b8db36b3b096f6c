"""Applications of Lilypad's SDK, under uvicorn: lilypad_apps.py WORD=PORT..., one for each word of LILYPAD_PROPAGATOR.

`/answer` continues the trace of whoever calls. `/call` begins one, and calls the URL in the header `x-next`.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys

import httpx
import lilypad
import uvicorn
from opentelemetry import trace


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


def serve(word: str, port: str):
    # As it would be set before the program starts: the SDK looks at it when it is first asked to read a header.
    os.environ["LILYPAD_PROPAGATOR"] = word
    # Calls carry the SDK's context.
    lilypad.configure(auto_http=True)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    # To import the SDK takes seconds, so that it is done once. Each application is a process, which ends with this one.
    for one in sys.argv[1:]:
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            serve(*one.split("="))
            os._exit(0)
    signal.pause()
