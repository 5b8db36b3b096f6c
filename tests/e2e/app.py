"""The application behind the gateway: keeps the very header bytes that arrive, and misbehaves on request.

What it does is told by the header `x-app`: nothing (echo), or one of

    status=503     that status          stall          never answers
    delay=5        echoes after 5 ms    reset          resets before the head
    sse=4,100      4 events, 100 ms     reset_body     resets after half of the body
    steps          an event a `step()`  garbage        no HTTP at all
    big=10000000   a body of that size
    moved=/a,/b    redirects to the first of these paths, from there to the second, and echoes in the end
    reply=NAME     as a model answers in that row of tests/scenarios/genai; by the path without a name

With `x-pace: NAME` a reply goes on when `step()` says so by that name, an empty one ends it; else a tenth of a second later.
A request to upgrade to a WebSocket is granted, and its frames are echoed.
"""

import asyncio
import base64
import hashlib
import json
import socket
import struct
import threading
from collections import defaultdict
from dataclasses import dataclass, field

import replies
from process import RUNNING

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class Arrived:
    method: str
    target: str
    #: Pairs of bytes, in the order and spelling in which they came.
    headers: list
    body: bytes = b""
    at: float = 0.0
    #: What `App.step` is told, by the name that this request has said.
    steps: asyncio.Queue = None

    def all(self, name: str) -> list:
        return [value for key, value in self.headers if key.lower() == name.encode().lower()]

    def one(self, name: str) -> str:
        values = self.all(name)
        assert len(values) == 1, f"{name}: {values} in {self.headers}"
        return values[0].decode()

    def lines(self) -> list:
        """As `name: value`; bytes that are no ASCII are escaped."""
        return [f"{ascii_(name).lower()}: {ascii_(value)}" for name, value in self.headers]


def ascii_(value: bytes) -> str:
    return value.decode("ascii", "backslashreplace")


@dataclass
class App:
    """Serves on a thread of its own until `stop`."""

    listen: tuple = ("127.0.0.1", 0)
    #: What it does when the request does not say.
    usual: str = ""
    arrived: list = field(default_factory=list)

    def __post_init__(self):
        self._loop = asyncio.new_event_loop()
        self._steps = defaultdict(asyncio.Queue)
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="app", daemon=True)
        self._thread.start()
        started.wait()
        if isinstance(self.port, OSError):
            raise self.port
        RUNNING.append(self)

    def _run(self, started):
        asyncio.set_event_loop(self._loop)
        try:
            server = self._loop.run_until_complete(asyncio.start_server(self._converse, *self.listen, limit=1 << 20))
            self.port = server.sockets[0].getsockname()[1]
        except OSError as error:
            self.port = error
            started.set()
            return
        started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def stop(self):
        if self in RUNNING:
            RUNNING.remove(self)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(3)

    def step(self, text: str, pace=""):
        """Sends an event to the caller that asked for `steps`, by the name of its pace if it has one; an empty one ends its
        stream."""

        async def put():
            await self._steps[pace].put(text.encode())

        asyncio.run_coroutine_threadsafe(put(), self._loop).result(5)

    def of(self, case: str) -> list:
        """What arrived with this `x-case`."""
        return [one for one in self.arrived if case.encode() in one.all("x-case")]

    def report(self):
        last = "\n\n".join(
            "\n".join([f"{one.method} {one.target}", *one.lines()]) for one in list(self.arrived)[-3:]
        )
        return [(f"app: the last of {len(self.arrived)} requests", last)]

    async def _converse(self, reader, writer):
        try:
            while await self._serve(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader, writer) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        method, target, _ = first.decode("latin-1").split(" ", 2)
        headers = [tuple(line.split(b": ", 1)) if b": " in line else (line.rstrip(b":"), b"") for line in lines]
        arrived = Arrived(method, target, headers, at=self._loop.time())
        arrived.steps = self._steps[(arrived.all("x-pace") or [b""])[0].decode()]
        self.arrived.append(arrived)
        if arrived.all("upgrade") == [b"websocket"]:
            return await websocket(arrived, reader, writer)
        arrived.body = await body(arrived, reader)
        wish = (arrived.all("x-app") or [self.usual.encode()])[0].decode()
        name, _, value = wish.partition("=")
        return await BEHAVIOUR[name](arrived, writer, value)


async def body(arrived, reader) -> bytes:
    if arrived.all("transfer-encoding") == [b"chunked"]:
        whole = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            whole += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return whole
    length = arrived.all("content-length")
    return await reader.readexactly(int(length[0])) if length else b""


def write(writer, status: int, content: bytes, kind="application/json"):
    writer.write(
        f"HTTP/1.1 {status} As Asked\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n\r\n".encode()
    )
    writer.write(content)


async def echo(arrived, writer, _=""):
    shown = [[ascii_(name), ascii_(value)] for name, value in arrived.headers]
    document = {"method": arrived.method, "target": arrived.target, "headers": shown, "bytes": len(arrived.body)}
    write(writer, 200, json.dumps(document, indent=1).encode())
    await writer.drain()
    return True


async def moved(arrived, writer, value):
    path, stops = arrived.target, value.split(",")
    at = stops.index(path) + 1 if path in stops else 0
    if at == len(stops):
        return await echo(arrived, writer)
    # Envoy follows a whole URL only.
    url = f"{arrived.one('x-forwarded-proto')}://{arrived.one('host')}{stops[at]}"
    writer.write(f"HTTP/1.1 302 As Asked\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n".encode())
    await writer.drain()
    return True


async def delay(arrived, writer, value):
    await asyncio.sleep(float(value) / 1000)
    return await echo(arrived, writer)


async def status(_, writer, value):
    write(writer, int(value), b'{"error":"as asked"}')
    await writer.drain()
    return True


async def stall(_, writer, value):
    # Until the other side gives up.
    await asyncio.sleep(float(value or 60))
    return False


async def reset(_, writer, __=""):
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
    return False


async def reset_body(arrived, writer, _):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1000\r\n\r\n" + b"x" * 500)
    await writer.drain()
    # What was written must have left, or the reset takes it along.
    await asyncio.sleep(0.1)
    return await reset(arrived, writer)


EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


async def event(writer, data: bytes):
    line = b"data: %s\n\n" % data
    writer.write(b"%x\r\n%s\r\n" % (len(line), line))
    await writer.drain()


async def steps(arrived, writer, _):
    writer.write(EVENTS)
    while data := await arrived.steps.get():
        await event(writer, data)
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


async def sse(_, writer, value):
    count, pause = (int(part) for part in value.split(","))
    writer.write(EVENTS)
    for number in range(count):
        await event(writer, b"%d" % number)
        await asyncio.sleep(pause / 1000)
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


async def big(_, writer, value):
    write(writer, 200, b"x" * int(value), "application/octet-stream")
    await writer.drain()
    return True


async def reply(arrived, writer, name):
    row = replies.named(name, arrived.target, arrived.body)
    if row is None:
        return await echo(arrived, writer)
    writer.write(replies.head(row))
    for piece in replies.pieces(row):
        # Also before the first: it comes later than the head.
        if arrived.all("x-pace"):
            if not await arrived.steps.get():
                return False
        else:
            await asyncio.sleep(0.1)
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if replies.is_stream(row) else piece)
        await writer.drain()
    writer.write(b"0\r\n\r\n" if replies.is_stream(row) else b"")
    await writer.drain()
    return True


async def garbage(_, writer, __):
    writer.write(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
    await writer.drain()
    return False


BEHAVIOUR = {
    "": echo,
    "delay": delay,
    "moved": moved,
    "status": status,
    "stall": stall,
    "reset": reset,
    "reset_body": reset_body,
    "sse": sse,
    "steps": steps,
    "big": big,
    "reply": reply,
    "garbage": garbage,
}


async def websocket(arrived, reader, writer):
    key = arrived.all("sec-websocket-key")[0]
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-accept: " + accept + b"\r\n\r\n"
    )
    while True:
        first, second = await reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
        mask = await reader.readexactly(4)
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(await reader.readexactly(length)))
        extra = bytes([length]) if length < 126 else b"\x7e" + struct.pack("!H", length)
        writer.write(bytes([first]) + extra + payload)
        await writer.drain()
        if first & 0x0F == 8:
            return False
