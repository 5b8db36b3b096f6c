"""What models and tools answer, from the table that both gateways are tested with (tests/scenarios/genai.json says what is in
a row). Standard library only: `make run` uses it."""

import base64
import gzip
import json
import zlib
from itertools import pairwise

from places import ROOT

HOME = ROOT / "tests/scenarios"
TABLE = json.loads((HOME / "genai.json").read_text())
FRAMES = "application/vnd.amazon.eventstream"


def changed(value, change):
    """RFC 7396."""
    if not isinstance(change, dict):
        return change
    value = dict(value) if isinstance(value, dict) else {}
    for name, part in change.items():
        if part is None:
            value.pop(name, None)
        else:
            value[name] = changed(value.get(name), part)
    return value


def over(like, row) -> dict:
    """A row, with what it takes over from another one. What breaks off is its own."""
    own = {"cut": row["cut"]} if "cut" in row else {}
    return {**changed(like, {**row, "cut": None}), **own}


def read() -> dict:
    rows = {}
    for family in TABLE["families"]:
        for row in json.loads((HOME / "genai" / f"{family}.json").read_text())["rows"]:
            rows[row["name"]] = over(rows[row["like"]], row) if "like" in row else row
    return rows


ROWS = read()
CUT = [name for name, row in ROWS.items() if "cut" in row]


def cut(row) -> dict:
    """The row, as it is when its answer breaks off."""
    return changed(row, {name: part for name, part in row["cut"].items() if name != "pieces"})


def is_stream(row) -> bool:
    return bool(row.get("streams")) or not row["type"].startswith("application/json")


def compact(document) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def framed(name: str, kind: str, payload: bytes) -> bytes:
    """A frame of Amazon's event stream."""
    said = {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind}
    headers = b""
    for key, value in said.items():
        headers += bytes([len(key)]) + key.encode() + b"\x07" + len(value).to_bytes(2, "big") + value.encode()
    frame = (16 + len(headers) + len(payload)).to_bytes(4, "big") + len(headers).to_bytes(4, "big")
    frame += zlib.crc32(frame).to_bytes(4, "big") + headers + payload
    return frame + zlib.crc32(frame).to_bytes(4, "big")


def written(row, piece) -> bytes:
    """A piece, as the row's type wants it."""
    if isinstance(piece, str):
        return piece.encode()
    name, kind, document = None, "event", piece
    if isinstance(piece, list):
        kind, name, document = [kind, *piece][-3:]
    content = compact(document)
    if row["type"] == FRAMES:
        if row.get("wrapped") and kind == "event":
            content = compact({"bytes": base64.b64encode(content).decode(), "p": "abcd"})
        return framed(name, kind, content)
    end = row.get("line_end", "\n").encode()
    if row["type"].startswith("text/event-stream"):
        event = b"event: " + name.encode() + end if name else b""
        return event + b"data: " + content + end * 2
    return content + (end if is_stream(row) and not row.get("streams") else b"")


def plain(row) -> list:
    """The pieces before they are packed."""
    pieces = [written(row, piece) for piece in row["pieces"]]
    if "split" not in row:
        return pieces
    whole = b"".join(pieces)
    return [whole[start:end] for start, end in pairwise([0, *row["split"], len(whole)])]


def pieces(row) -> list:
    """The body as it is sent."""
    return [base64.b64decode(piece) for piece in row["base64"]] if "base64" in row else plain(row)


def asked(row) -> bytes:
    body = json.dumps(row["asked"]).encode()
    return gzip.compress(body) if row.get("asked_encoding") == "gzip" else body


def lines(row) -> list:
    """What the request says besides."""
    encoding = [f"content-encoding: {row['asked_encoding']}"] if "asked_encoding" in row else []
    return ["content-type: application/json", *encoding, *row.get("headers", [])]


def named(name: str, target: str, body: bytes):
    """The row of that name; without one, that which answers such a request, if any does."""
    if name:
        return ROWS[name]
    try:
        wanted = json.loads(body or b"{}").get("stream")
    except (ValueError, AttributeError):
        return None
    fits = (row for row in ROWS.values() if target == row["path"] and row["asked"].get("stream") == wanted)
    return next(fits, None)


def head(row) -> bytes:
    lines = [f"HTTP/1.1 {row.get('status', 200)} As Asked", f"content-type: {row['type']}", *row.get("answer_headers", [])]
    if encoding := row.get("encoding"):
        lines.append(f"content-encoding: {encoding}")
    size = sum(map(len, pieces(row)))
    lines.append("transfer-encoding: chunked" if is_stream(row) else f"content-length: {size}")
    return "\r\n".join([*lines, "", ""]).encode()
