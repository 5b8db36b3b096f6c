"""The rows of the scenario table as configurations of Envoy, and what came of them as the lines that a row wants."""

import json
import time
from dataclasses import dataclass, field

import bootstrap as b
from certificates import dns, uri
from pattern import filled
from places import ROOT

TABLE = json.loads((ROOT / "tests/scenarios/table.json").read_text())
ROWS = {row["name"]: row for row in TABLE["rows"]}

#: Backends that the filter has an encoder for, and the sink a receiver.
DELIVERED = {"none", "opik", "otlp"}

#: A proof of trust that rows send; the plugin reads it from the environment.
SECRET = {"GATE_SECRET": "open-sesame"}


def dated(seconds: int) -> str:
    """An id of version 7 so far from now."""
    digits = f"{int((time.time() + seconds) * 1000):012x}7a5a9a5a5a5a5a5a5a5a"
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


IDS = {**TABLE["ids"], "NOW": dated(-3600), "SOON": dated(3600)}


def kinds(row) -> set:
    return set(row["backend"].split())


def needs(row):
    """Why a row cannot be driven yet; None when it can."""
    missing = kinds(row) - DELIVERED
    # A refused request reaches no backend, so that any configuration of them will do.
    if missing and "refused" not in row:
        return f"needs the {', '.join(sorted(missing))} backend, which the filter does not deliver to yet"
    return None


def otlp_path(row_name: str) -> str:
    return f"/otlp/{row_name}/v1/traces"


#: The project, or the path, tells the row from which a span came. Where a row's backend is in trouble it has a cluster of its
#: own.
BACKENDS = {
    "opik": lambda row: b.opik(row["name"], cluster=row.get("export", "opik")),
    "otlp": lambda row: {
        "kind": "otlp",
        "cluster": row.get("export", "otlp"),
        "url": "http://otlp.test" + otlp_path(row["name"]).removesuffix("/v1/traces"),
    },
}


def config(row) -> dict:
    document = dict(row.get("config", {}))
    backends = [BACKENDS[kind](row) for kind in row["backend"].split() if kind in BACKENDS]
    if backends:
        document["backends"] = backends
        document["export"] = {"interval_ms": 200}
    if row.get("export") == "queue_full":
        # The smallest that the configuration allows, and a call that does not end.
        document["export"].update(queue_bytes=1024, batch_bytes=1024, timeout_ms=60000)
    return document


def listener(row, access_log, authority) -> dict:
    asked = row["request"]
    filters = [b.plugin(config(row), env=SECRET)]
    routes = [b.route(rule=asked.get("rule"), name=asked.get("route", "app"))]
    # The row's peer is told by x-forwarded-for; an address of the machine could only be one of its own.
    hcm = b.manager(filters, routes, access_log, use_remote_address=False)
    if "names" in asked:
        server = authority.issue("server", dns("localhost"))
        return b.listener(row["name"], hcm, tls=server, callers=authority.file, lenient=not asked.get("verified", True))
    return b.listener(row["name"], hcm)


def request(row, authority) -> dict:
    """Arguments for `wire.send`."""
    asked = row["request"]
    lines = [filled(line, IDS) for line in asked["headers"]]
    if "peer" in asked:
        lines.append(f"x-forwarded-for: {asked['peer']}")
    # Time passes in the application, so that the end of a span is never the time inside its id.
    lines += [f"x-case: {row['name']}", "x-app: delay=3"]
    names = [uri(name) for name in asked.get("names", [])]
    issue = authority.issue if asked.get("verified", True) else authority.forge
    return {
        "tls": authority.client(issue("client", *names)) if names else None,
        "lines": lines,
        "method": asked.get("method", "GET"),
        "target": asked.get("path", "/"),
        "host": asked.get("host", "localhost"),
    }


@dataclass
class Outcome:
    status: int
    refused: list = field(default_factory=list)
    upstream: list = field(default_factory=list)
    written: list = field(default_factory=list)
    exposed: list = field(default_factory=list)


#: What a hop makes of its own, and no format of ours owns.
HOP = {"host", "content-length", "transfer-encoding", "connection"}


def outcome(row, answer, arrived, sink) -> Outcome:
    """`arrived` is what the application got under this row's name."""
    if "application/problem+json" in answer.all("content-type"):
        assert not arrived, "a refused request makes no upstream call"
        body = answer.json()
        assert body["type"] == "about:blank" and body["status"] == answer.status, body
        line = json.dumps({name: body[name] for name in ("status", "fault", "detail")}, sort_keys=True)
        return Outcome(answer.status, refused=[line])
    assert len(arrived) == 1, f"the application got {len(arrived)} requests; the answer was {answer}"
    return Outcome(
        answer.status,
        upstream=[line for line in arrived[0].lines() if line.split(":")[0] not in HOP],
        written=written(sink, row["name"]),
        exposed=answer.all("x-gatespan-trace-id"),
    )


def written(sink, name: str) -> list:
    lines, facts = [], []
    for row in sink.traces(project=name):
        own = row["last_updated_at"] == instant(row["id"])
        lines.append(f"opik row {row['id']}" + (" at its own time" if own else ""))
    for span in sink.spans(project=name):
        lines.append(f"opik {placed(span)}")
        facts += said(span.get("metadata", {}))
    for span in sink.otlp(path=otlp_path(name)):
        again = "" if span["times"] == 1 else f", {span['times']} times"
        lines.append(f"otlp {placed(span)}{again}")
        facts += linked(span) + said(span["attributes"], links=False)
    # Every backend is told the same about a request.
    return lines + list(dict.fromkeys(facts))


def placed(span: dict) -> str:
    under = f" under {span['parent_span_id']}" if span.get("parent_span_id") else ""
    return f"span {span['id']} in {span['trace_id']}{under}"


def linked(span: dict) -> list:
    return [f"link {link['trace_id']} {link['span_id']}" for link in span["links"]]


def said(told: dict, links=True) -> list:
    """What attributes say; without `links` where a caller's ids of OpenTelemetry that are linked to have a place of their own."""
    lines = []
    word = "link" if told.get("gatespan.decision") == "linked" else "client"
    for trace, parent in (("trace_id", "span_id"), ("opik_trace_id", "opik_parent_span_id")):
        found = told.get(f"gatespan.client.{trace}")
        if found and (links or word == "client" or trace == "opik_trace_id"):
            lines.append(f"{word} {found} {told.get(f'gatespan.client.{parent}', '')}")
    for name in ("fault", "conflict", "decision"):
        if f"gatespan.{name}" in told:
            lines.append(f"{name} {told[f'gatespan.{name}']}")
    return lines


def instant(id_: str) -> str:
    """The time inside an id, as the backend writes times."""
    millis = int(id_.replace("-", "")[:12], 16)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(millis // 1000))
    return f"{whole}.{millis % 1000:03}000Z"


def wanted(row, name: str) -> list:
    """A row's lines of that name."""
    value = row.get(name, [])
    if isinstance(value, dict):
        return [json.dumps(value, sort_keys=True)]
    return [filled(line, IDS) for line in ([value] if isinstance(value, str) else value)]
