"""An HTTP/1.1 client that sends the bytes it is given."""

import http.client
import json
import socket
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    #: Pairs of texts, names in lower case; bytes are read as Latin-1.
    headers: list
    body: bytes

    def all(self, name: str) -> list:
        return [value for key, value in self.headers if key == name]

    def one(self, name: str):
        values = self.all(name)
        return values[0] if len(values) == 1 else None

    def json(self):
        return json.loads(self.body)


def pairs(lines) -> list:
    """`name: value` lines, texts or bytes, as pairs of bytes."""
    split = []
    for line in lines:
        line = line if isinstance(line, bytes) else line.encode()
        name, _, value = line.partition(b": ")
        split.append((name, value))
    return split


def head(method: str, target: str, host: str, headers) -> bytes:
    lines = [f"{method} {target} HTTP/1.1".encode(), b"host: " + host.encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", b""])


def connect(port: int, seconds=20.0, tls=None) -> socket.socket:
    """`tls` is an SSL context."""
    stream = socket.create_connection(("127.0.0.1", port), seconds)
    return tls.wrap_socket(stream, server_hostname="localhost") if tls else stream


def send(port, lines=(), method="GET", target="/", host="localhost", body=b"", seconds=20.0, tls=None) -> Answer:
    """One request on a connection of its own."""
    headers = pairs(lines)
    if body or method in ("POST", "PUT", "PATCH"):
        headers.append((b"content-length", str(len(body)).encode()))
    with connect(port, seconds, tls) as stream:
        stream.sendall(head(method, target, host, headers) + body)
        return answer(stream)


def until(stream: socket.socket, wanted: bytes):
    """Reads until this has come."""
    came = b""
    while wanted not in came:
        data = stream.recv(65536)
        assert data, f"the connection ended before {wanted!r} came, after {came[-500:]!r}"
        came += data


def answer(stream: socket.socket) -> Answer:
    response = http.client.HTTPResponse(stream)
    response.begin()
    headers = [(name.lower(), value) for name, value in response.getheaders()]
    try:
        content = response.read()
    except http.client.IncompleteRead as partial:
        content = partial.partial
    return Answer(response.status, headers, content)
