"""A caller traced by the Opik SDK: caller.py URL. Prints its trace and span ids and what was answered."""

import json
import sys
import urllib.request

import opik
from opik import opik_context


@opik.track(name="caller")
def call(url: str) -> dict:
    headers = opik_context.get_distributed_trace_headers()
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=20) as response:
        return {"sent": headers, "answered": json.load(response)}


if __name__ == "__main__":
    print(json.dumps(call(sys.argv[1])))
    opik.flush_tracker()
