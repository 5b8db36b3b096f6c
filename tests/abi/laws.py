"""What holds whatever a host does. A law that does not hold is `Broken`."""

import json
import re
from struct import unpack_from

REQUEST, RESPONSE = 0, 2

#: The answers that we give to a request: the status, gRPC's, and the words for an access log.
INVALID, INTERNAL = (400, 3), (500, 13)
REPLIES = {
    "gatespan_missing": INVALID,
    "gatespan_invalid": INVALID,
    "gatespan_conflict": INVALID,
    "gatespan_untrusted": INVALID,
    "gatespan_config": INTERNAL,
}
PROBLEM = "application/problem+json"

#: The callbacks in which a request may be decided: those behind the first for one that was held.
DECIDING = {"request_headers", "request_body", "request_trailers", "tick"}
#: The callbacks in which a host call may be made, where not in all.
PLACES = {
    "proxy_send_local_response": DECIDING,
    "proxy_set_effective_context": {"tick"},
    "proxy_continue_stream": {"tick"},
    "proxy_call_foreign_function": {"configure"},
    "proxy_set_property": {"log", "done", "delete"},
    "proxy_http_call": {"tick", "http_call_response", "done"},
    "proxy_done": {"tick", "http_call_response"},
    "proxy_set_tick_period_milliseconds": {"configure"},
    "proxy_define_metric": {"configure", "tick", "http_call_response", "done", "delete"},
}
EDITS = {REQUEST: DECIDING, RESPONSE: {"response_headers"}}
#: What a callback returns.
CONTINUE, PAUSE, HOLD = 0, 1, 2
LEVELS = (3, 4)
#: Stands in configurations and in the environment, where a secret is.
SECRET = "hush-5d0f6b72e814"

RECORDED = re.compile(r"(.*)\.spans\.recorded")


def unsigned(number: int) -> int:
    """Of 32 bits, which wasmtime hands over with a sign."""
    return number & 0xFFFF_FFFF


class Broken(Exception):
    """A law and what was seen. Two finds of one law and callback are one."""

    def __init__(self, law: str, seen: str):
        super().__init__(f"{law}: {seen}")
        self.law = law


class Laws:
    """Watches a VM: each host call as it is made, each callback as it returns."""

    def __init__(self):
        self.callback, self.arguments = "", ()
        self._depth = 0
        #: Whether a configuration holds requests.
        self.may_hold = False
        self._is_answered = self._is_edited = False
        #: The streams that were refused; and those whose number was given anew, to whomever, among them.
        self._refused, self._once_refused = set(), set()
        #: The streams that wait for their bodies, and the one that calls are about outside of its own callbacks.
        self._held, self._effective = set(), None

    def begin(self, callback: str, arguments: tuple):
        self.callback, self.arguments = callback, arguments
        self._is_answered = self._is_edited = False
        self._effective = None

    def reenter(self, host):
        """A host that calls back while its own call is under way: nothing may happen."""
        self._depth += 1
        for name in ("proxy_on_log", "proxy_on_tick", "proxy_on_request_headers", "proxy_on_delete"):
            host.enter(name, list(self.arguments[:1]))
        self._depth -= 1

    def watch(self, host, call: str, arguments: tuple):
        if self._depth:
            raise Broken("reentry", f"{call} is called in a callback in a host call")
        places = PLACES.get(call)
        if places and self.callback not in places:
            raise Broken("place", f"{call} is called in {self.callback}")
        watched = getattr(self, f"_{call}", None)
        if watched:
            watched(host, *arguments)

    def returned(self, result):
        """What a callback says, against what was done in it."""
        if self.callback in ("request_headers", "request_body", "request_trailers"):
            self._request_returned(result)
        elif self.callback.startswith(("request_", "response_")) and result != 0:
            raise Broken("flow", f"{self.callback} returns {result}")
        elif self.callback in ("configure", "done") and result not in (0, 1):
            raise Broken("flow", f"{self.callback} returns {result}")
        if self.callback in ("context_create", "delete", "done", "log"):
            self._held.discard(self._stream())
        if self.callback in ("context_create", "delete"):
            self._refused.discard(self._stream())
        if self.callback == "delete":
            self._once_refused.discard(self._stream())

    def _request_returned(self, result):
        """A request pauses if it was answered, or waits for its body: for pieces of that, and never behind its end."""
        stream = self._stream()
        is_refused, was_held = stream in self._once_refused, stream in self._held
        is_first, ends = self.callback == "request_headers", self.arguments[2:3] not in ((), (0,))
        holds = {PAUSE} if is_first else {HOLD} if self.callback == "request_body" else set()
        may_hold = self.may_hold and (was_held or is_first) and not (ends and not (is_first and was_held))
        allowed = {CONTINUE, *([PAUSE] if is_refused else []), *(holds if may_hold else [])}
        if result not in ({PAUSE} if self._is_answered else allowed):
            raise Broken("flow", f"{self.callback}{self.arguments} returns {result}, held before: {was_held}")
        self._held.discard(stream)
        if result == HOLD or result == PAUSE and stream not in self._refused:
            self._held.add(stream)

    def _proxy_set_effective_context(self, _host, context):
        context = unsigned(context)
        if context not in self._held:
            raise Broken("held", f"calls are about {context}, which is not held")
        self._effective = context
        self._is_answered = self._is_edited = False

    def _proxy_continue_stream(self, host, kind):
        if kind != REQUEST or self._stream() not in self._held or self._is_answered:
            raise Broken("held", f"{kind} of {self._stream()} goes on")
        self._held.discard(self._stream())
        host.edges.add(("goes on",))

    def _stream(self):
        if self._effective is not None:
            return self._effective
        return self.arguments[0] if self.arguments else None

    def _proxy_log(self, host, level, text, size):
        try:
            line = host.read(text, size).decode()
        except UnicodeDecodeError as error:
            raise Broken("log", f"a line is not UTF-8: {error}") from None
        if level not in LEVELS or not line.startswith("gatespan") or "\n" in line:
            raise Broken("log", f"at level {level}: {line!r}")
        keep_secret(line)

    def _proxy_replace_header_map_value(self, host, map_, name, name_size, value, value_size):
        name, value = host.read(name, name_size), host.read(value, value_size)
        self._edit(map_, name)
        if not name or re.search(rb"[\x00-\x20\x7f]", name) or re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise Broken("edit", f"{name!r} is set to {value!r}")

    def _proxy_remove_header_map_value(self, host, map_, name, name_size):
        self._edit(map_, host.read(name, name_size))

    def _edit(self, map_, name: bytes):
        if self.callback not in EDITS.get(map_, ()):
            raise Broken("edit", f"map {map_} is changed in {self.callback}")
        if map_ == REQUEST:
            self._only_once("changed")
            self._is_edited = True
            if self._is_answered or self._stream() in self._refused:
                raise Broken("refused", f"{name!r} is changed in a request that was refused")

    def _proxy_send_local_response(self, host, status, details, d_size, body, b_size, pairs, p_size, grpc):
        details, body = host.read(details, d_size).decode(), host.read(body, b_size).decode()
        headers = dict(whole_pairs(host.read(pairs, p_size)))
        self._only_once("answered")
        if self._is_edited or self._is_answered:
            raise Broken("refused", "a request is answered that was changed or answered before")
        wanted = REPLIES.get(details, ())
        if set(headers) == {b"grpc-status", b"grpc-message"}:
            if (status, body, wanted[1:]) != (200, "", (grpc,)) or headers[b"grpc-status"] != b"%d" % grpc:
                raise Broken("reply", f"{status}, {grpc}, {details}, {headers} and {body}")
            keep_secret(headers[b"grpc-message"].decode())
        else:
            if wanted != (status, grpc):
                raise Broken("reply", f"{status}, {grpc}, {details}")
            if headers != {b"content-type": PROBLEM.encode()} or json.loads(body)["status"] != status:
                raise Broken("reply", f"{headers} and {body}")
        keep_secret(body)
        self._is_answered = True
        self._held.discard(self._stream())
        self._refused.add(self._stream())
        self._once_refused.add(self._stream())
        host.edges.add(("reply", details, bool(headers)))

    def _only_once(self, what: str):
        """Behind its headers a request is decided if it was held, and not again."""
        if self.callback != "request_headers" and self._stream() not in self._held:
            raise Broken("held", f"a request that was not held is {what} in {self.callback}")

    def _proxy_increment_metric(self, host, metric, offset):
        name = host.names.get(metric, "")
        if host.counts and offset <= 0 and ".queue." not in name:
            raise Broken("counters", f"{offset} is added to {name or metric}")
        host.moved = True

    def _proxy_http_call(self, host, up, up_size, pairs, p_size, body, b_size, trailers, t_size, timeout, _token):
        headers = whole_pairs(host.read(pairs, p_size))
        sent = host.read(body, b_size)
        names = [name for name, _ in headers]
        if not host.read(up, up_size) or names[:3] != [b":method", b":authority", b":path"] or timeout <= 0:
            raise Broken("call", f"{headers}")
        if whole_pairs(host.read(trailers, t_size)):
            raise Broken("call", "there are trailers")
        if (b"content-type", b"application/json") in headers:
            try:
                json.loads(sent)
            except ValueError as error:
                raise Broken("call", f"the body is not JSON: {error}") from None
        host.edges.add(("call", dict(headers)[b":path"][-20:], len(sent).bit_length()))


def whole_pairs(wire: bytes) -> list:
    """A map that the module spells."""
    try:
        (count,) = unpack_from("<I", wire)
        lengths = [unpack_from("<II", wire, 4 + 8 * place) for place in range(count)]
    except Exception as error:
        raise Broken("pairs", f"{wire[:80]!r}: {error}") from None
    pairs, at = [], 4 + 8 * count
    for name, value in lengths:
        pairs.append((wire[at : at + name], wire[at + name + 1 : at + name + 1 + value]))
        at += name + value + 2
    if at != len(wire):
        raise Broken("pairs", f"{len(wire)} bytes, and {at} are told")
    return pairs


def keep_secret(text: str):
    if SECRET in text:
        raise Broken("secret", text)


def add_up(values: dict):
    """Recorded = exported + dropped + queued, for each backend and the first; counters are never negative."""
    for name, value in values.items():
        if value < 0:
            raise Broken("counters", f"{name} is {value}")
        found = RECORDED.fullmatch(name)
        if found:
            prefix = found[1]
            dropped = summed(values, f"{prefix}.spans.dropped.reason.")
            known = values[f"{prefix}.spans.exported"] + dropped + values[f"{prefix}.queue.spans"]
            if value != known:
                raise Broken("accounting", f"{name} is {value}, what became of them is {known}: {told(values)}")


def told(values: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value)


def summed(values: dict, prefix: str) -> int:
    return sum(value for name, value in values.items() if name.startswith(prefix))


def spans_begun(values: dict) -> int:
    """Requests that were decided on, and neither left unrecorded nor refused."""
    decided = summed(values, "gatespan.requests.decision.")
    return decided - summed(values, "gatespan.requests.unrecorded.") - summed(values, "gatespan.rejects.")
