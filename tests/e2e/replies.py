"""What models answer, from the table that both gateways are tested with. Standard library only: `make run` uses it."""

import base64
import json

from places import ROOT

TABLE = json.loads((ROOT / "tests/scenarios/genai.json").read_text())
ROWS = {row["name"]: row for row in TABLE["rows"]}


def is_stream(row) -> bool:
    return row["type"].startswith("text/event-stream")


def pieces(row) -> list:
    """The body as it is sent, in bytes. A packed one comes in two: what is read from it must not need all of it."""
    if "pieces" in row:
        return [piece.encode() for piece in row["pieces"]]
    packed = base64.b64decode(row["base64"])
    return [packed[:100], packed[100:]]


def asked(row) -> bytes:
    return json.dumps(row["asked"]).encode()


def named(name: str, target: str, body: bytes):
    """The row of that name; without one, that which answers such a request, if any does."""
    if name:
        return ROWS[name]
    try:
        wants_stream = bool(json.loads(body or b"{}").get("stream"))
    except (ValueError, AttributeError):
        return None
    fits = (row for row in ROWS.values() if target == row["path"] and is_stream(row) == wants_stream)
    return next(fits, None)


def head(row) -> bytes:
    lines = [f"HTTP/1.1 {row.get('status', 200)} As Asked", f"content-type: {row['type']}"]
    if encoding := row.get("encoding"):
        lines.append(f"content-encoding: {encoding}")
    size = sum(map(len, pieces(row)))
    lines.append("transfer-encoding: chunked" if is_stream(row) else f"content-length: {size}")
    return "\r\n".join([*lines, "", ""]).encode()
