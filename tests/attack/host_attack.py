# SPDX-License-Identifier: Apache-2.0
"""Pages of other sites that a browser on this machine shows: under a name of theirs (DNS rebinding), and by simple requests."""
import json

from attack import Attack
from spandrel_process import Spandrel, otlp_request

EVIL = "evil.example"
JSON = {"Content-Type": "application/json"}


class HostAttack(Attack):
    def status(self, what, got, allowed):
        self.holds(what, got, " or ".join(map(str, allowed)), got in allowed)

    def test_a_name_that_was_rebound(self):
        body = json.dumps(otlp_request()).encode()
        with Spandrel() as server:
            for path in ("/", "/api/services", "/metrics", "/health"):
                self.status(f"page port, {path}", server.request("http", path, headers={"Host": EVIL})[0], (403, 421))
            got = server.request("otlp_http", "/v1/traces", body, JSON | {"Host": f"{EVIL}:4318"})[0]
            self.status("OTLP/HTTP", got, (403, 421))
            for name in ("localhost", "127.0.0.1:16686", "[::1]", "192.168.1.7"):
                got = server.request("http", "/api/services", headers={"Host": name})[0]
                self.status(f"page port as {name}", got, (200,))
            for name in ("localhost:4318", "10.1.2.3", "collector"):
                got = server.request("otlp_http", "/v1/traces", body, JSON | {"Host": name})[0]
                self.status(f"OTLP/HTTP as {name}", got, (200,))

    def test_a_page_that_sends(self):
        body = json.dumps(otlp_request()).encode()
        with Spandrel() as server:
            for headers in ({"Origin": f"http://{EVIL}"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
                got = server.request("otlp_http", "/v1/traces", body, JSON | headers)[0]
                self.status(f"OTLP/HTTP, {headers}", got, (403,))
                got = server.request("http", "/-/reload", b"", headers)[0]
                self.status(f"reload, {headers}", got, (403,))
            spans = server.get_json("/api/services")["data"]
            self.holds("services stored", len(spans or []), "0", not spans)
