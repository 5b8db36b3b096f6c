"""Names in a client's certificate count only if Envoy has verified it."""

import ssl

import bootstrap as b
import pytest
from certificates import Authority, dns, uri
from envoy import Envoy
from places import KEPT
from wire import answer, connect, head, send

OURS, ALSO_OURS, FOREIGN = uri("spiffe://acme/ns/default/sa/client"), dns("client.acme.test"), uri("spiffe://evil/a")
SAN = ["spiffe://acme/*", "client.acme.test"]

#: Whether a listener takes a certificate that it cannot verify, and what the rule says besides the names.
LISTENERS = {
    "strict": (False, {}),
    "new sessions": (False, {}),
    "lenient": (True, {}),
    "unverified": (True, {"san_unverified": True}),
}


@pytest.fixture(scope="module")
def ours():
    return Authority(KEPT / "san.certificates")


@pytest.fixture(scope="module")
def envoy(app, ours):
    listeners = []
    server = ours.issue("server", dns("localhost"))
    for name, (lenient, more) in LISTENERS.items():
        hcm = b.manager([b.plugin({"rule": {"trust": {"san": SAN, **more}, "untrusted": "reject"}})])
        listeners.append(b.listener(name, hcm, tls=server, callers=ours.file, lenient=lenient))
        if name == "new sessions":
            context = listeners[-1]["filter_chains"][0]["transport_socket"]["typed_config"]
            context.update(disable_stateless_session_resumption=True, disable_stateful_session_resumption=True)
    with Envoy("san", b.bootstrap(listeners, [b.cluster("app", app.port)])) as envoy:
        yield envoy


#: The listener, how the client has its certificate, the names in it, and whether the client is trusted.
CLIENTS = {
    "verified": ("strict", "issued", [OURS], True),
    "verified, on a lenient listener": ("lenient", "issued", [OURS], True),
    "forged": ("lenient", "forged", [OURS], False),
    "forged, with san_unverified": ("unverified", "forged", [OURS], True),
    "no certificate": ("lenient", None, [], False),
    "no certificate, with san_unverified": ("unverified", None, [], False),
    "no names": ("strict", "issued", [], False),
    "foreign name": ("strict", "issued", [FOREIGN], False),
    "foreign name, with san_unverified": ("unverified", "forged", [FOREIGN], False),
    "DNS name": ("strict", "issued", [ALSO_OURS], True),
    "DNS name beside a foreign URI": ("strict", "issued", [FOREIGN, ALSO_OURS], True),
    # Envoy shows the first name of each kind (see README).
    "second URI": ("strict", "issued", [FOREIGN, OURS], False),
}


@pytest.mark.parametrize("case", CLIENTS)
def test_a_name_counts_if_it_is_verified(case, envoy, ours):
    name, how, names, is_trusted = CLIENTS[case]
    issue = {"issued": ours.issue, "forged": ours.forge, None: lambda *_: None}[how]
    got = send(envoy.ports[name], tls=ours.client(issue("client", *names)))
    assert got.status == (200 if is_trusted else 400), got
    if not is_trusted:
        assert got.json()["fault"] == "untrusted"


def resumed(port: int, context) -> tuple:
    """Two requests, the second in the session of the first: whether it was resumed, and both statuses."""
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session, statuses = None, []
    for _ in range(2):
        with context.wrap_socket(connect(port), server_hostname="localhost", session=session) as stream:
            stream.sendall(head("GET", "/", "localhost", []))
            statuses.append(answer(stream).status)
            session, is_resumed = stream.session, stream.session_reused
    return is_resumed, statuses


def test_a_resumed_session_is_not_verified(envoy, ours):
    """Envoy verifies a certificate only when a session begins (see README)."""
    client = ours.issue("client", OURS)
    assert resumed(envoy.ports["strict"], ours.client(client)) == (True, [200, 400])
    assert resumed(envoy.ports["new sessions"], ours.client(client)) == (False, [200, 200])
