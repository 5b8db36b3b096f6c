"""What Bedrock's headers say beside bodies that do not count, through Envoy."""

import json

import app as application
import bootstrap as b
import pytest
from backends import gateway
from envoy import Envoy
from wire import send

CONFIG = {"rule": {"genai": "metadata"}, "span": {"headers": ["x-case"]}, "export": {"interval_ms": 50}}
BODY = b'{"outputs":[{"text":"a planted word","stop_reason":"stop"}]}'
COUNTS = [
    "X-Amzn-Bedrock-Input-Token-Count: 40",
    "X-Amzn-Bedrock-Output-Token-Count: 300",
    "X-Amzn-Bedrock-Cache-Read-Input-Token-Count: 60000",
    "X-Amzn-Bedrock-Cache-Write-Input-Token-Count: 2000",
]
USAGE = {
    "prompt_tokens": 62_040,
    "completion_tokens": 300,
    "total_tokens": 62_340,
    "original_usage.inputTokens": 40,
    "original_usage.outputTokens": 300,
    "original_usage.cacheReadInputTokens": 60_000,
    "original_usage.cacheWriteInputTokens": 2_000,
}
ERROR = "x-amzn-ErrorType: ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/"


async def bedrock(_, writer, status):
    """Answers as Bedrock does, with counts or with an error."""
    ok = status == "200"
    body = BODY if ok else b'{"message":"a planted word"}'
    lines = [f"HTTP/1.1 {status} As Asked", "content-type: application/json", *(COUNTS if ok else [ERROR])]
    writer.write("\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body)
    await writer.drain()
    return True


@pytest.fixture(scope="module")
def envoy(app, sink):
    application.BEHAVIOUR["bedrock"] = bedrock
    with Envoy("bedrock", gateway({**CONFIG, "backends": [b.opik("bedrock")]}, app.port, opik=sink.port)) as envoy:
        yield envoy


def call(envoy, case, api, status):
    target = f"/model/mistral.mistral-7b-instruct-v0%3A2/{api}"
    lines = [f"x-case: {case}", f"x-app: bedrock={status}", "content-type: application/json"]
    return send(envoy.port, lines, "POST", target, body=b'{"prompt":"hi","max_tokens":10}')


def span_of(sink, case) -> dict:
    def is_it(one):
        return one["metadata"].get("http.request.header.x-case") == case

    return sink.until(lambda: list(filter(is_it, sink.spans())))[0]


def test_headers_count(envoy, sink):
    answer = call(envoy, "counted", "invoke", 200)
    assert (answer.status, answer.body) == (200, BODY)
    for line in COUNTS:
        name, value = line.lower().split(": ")
        assert answer.one(name) == value, "they go on as they came"
    span = span_of(sink, "counted")
    assert (span["provider"], span["usage"]) == ("bedrock", USAGE)
    assert span["metadata"]["gatespan.usage.status"] == "reported"
    # Converse counts in its body, and there alone.
    call(envoy, "converse", "converse", 200)
    span = span_of(sink, "converse")
    assert (span.get("usage"), span["metadata"]["gatespan.usage.status"]) == (None, "absent")


@pytest.mark.parametrize("api", ["invoke", "converse"])
def test_a_header_names_the_error(api, envoy, sink):
    assert call(envoy, f"error-{api}", api, 429).status == 429
    span = span_of(sink, f"error-{api}")
    assert span["metadata"]["error.type"] == "ThrottlingException"
    assert span["metadata"]["gatespan.usage.status"] == "error"
    received = json.dumps([sink.spans(), sink.traces(), sink.requests()])
    assert "planted" not in received and "internal.amazon.com" not in received
