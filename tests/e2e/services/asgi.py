"""An application traced by the Opik SDK, under uvicorn. A path for each way to continue the caller's trace."""

import json

import opik
from opik.decorator.context_manager.distributed_headers_context_manager import distributed_headers

NAMES = ("opik_trace_id", "opik_parent_span_id")


@opik.track(name="answer")
def answer(question: str) -> str:
    return inner(question)


@opik.track(name="inner")
def inner(question: str) -> str:
    return question.upper()


def reply(path: str, headers: dict) -> dict:
    """Both keys or none: that is what the SDK takes."""
    if path == "/argument":
        said = answer("asked", opik_distributed_trace_headers=headers)
    else:
        with distributed_headers(headers):
            said = answer("asked")
    # So that a test need not wait for the SDK's own interval.
    opik.flush_tracker()
    return {"answer": said, "headers": headers}


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    came = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    body = json.dumps(reply(scope["path"], {name: came[name] for name in NAMES if name in came})).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
