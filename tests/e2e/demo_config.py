"""envoy/demo.yaml as a person would change it: ports, and another Opik.

By text and not as a document, so that `make run` needs no package, and the comments stay for who looks at the result.
"""

import ssl
from urllib.parse import urlsplit

from places import EXAMPLES

GATEWAY, APP, SINK, ADMIN = 10000, 10001, 10002, 9901
CLOUD = "www.comet.com"


class Text:
    def __init__(self, text: str):
        self.text = text

    def put(self, old: str, new: str, times=1):
        # A demo.yaml that was rewritten must not be half changed in silence.
        found = self.text.count(old)
        assert found == times, f"envoy/demo.yaml: {old!r} is there {found} times, not {times}"
        self.text = self.text.replace(old, new)

    def uncomment(self, first: str, until=""):
        """The commented lines from the one that begins so, to the one that holds `until`."""
        out, inside, done = [], False, False
        for line in self.text.split("\n"):
            inside = inside or line.lstrip().startswith(f"# {first}")
            if inside:
                done, inside = True, bool(until) and until not in line
                line = line.replace("# ", "", 1)
            out.append(line)
        assert done, f"envoy/demo.yaml: no line begins with {first!r}"
        self.text = "\n".join(out)


def demo(gateway=GATEWAY, app=APP, admin=ADMIN, opik=f"http://127.0.0.1:{SINK}/api", key=False, workspace=None) -> str:
    url = urlsplit(opik)
    text = Text((EXAMPLES / "demo.yaml").read_text())
    text.put(f"port_value: {GATEWAY} ", f"port_value: {gateway} ")
    text.put(f"port_value: {APP} ", f"port_value: {app} ")
    text.put(f"port_value: {ADMIN} ", f"port_value: {admin} ")
    text.put(f"url: http://127.0.0.1:{SINK}/api ", f"url: {opik} ")
    port = url.port or (443 if url.scheme == "https" else 80)
    text.put(f"address: 127.0.0.1, port_value: {SINK} ", f"address: {url.hostname}, port_value: {port} ")
    if key:
        text.uncomment("api_key_env:")
        text.uncomment("environment_variables:")
    if workspace:
        text.put("# workspace: default", f"workspace: {workspace}")
    if url.scheme == "https":
        text.uncomment("transport_socket:", until="match_typed_subject_alt_names")
        text.put(CLOUD, url.hostname, times=2)
        authorities = ssl.get_default_verify_paths().cafile
        if authorities:
            text.put("/etc/ssl/certs/ca-certificates.crt", authorities)
    return text.text
