# SPDX-License-Identifier: Apache-2.0
"""What Grafana's Tempo data source asks, on the port of Tempo's API and on the query port."""
import json
import pathlib
import tempfile
import time
import unittest
import urllib.parse

from spandrel_process import Spandrel, otlp_request, run

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
QUERY = '{ resource.service.name = "test" && kind = server } | select(nestedSetParent)'


def search_path(query):
    now = int(time.time())
    parameters = {"q": query, "limit": 20, "spss": 3, "start": now - 900, "end": now + 1}
    return "/api/search?" + urllib.parse.urlencode(parameters)


class TempoTest(unittest.TestCase):
    def ask(self, server, path, port="tempo", accept="application/json"):
        return server.request(port, path, headers={"Accept": accept})

    def test_a_span_sent_is_found_by_traceql_at_once(self):
        with Spandrel() as server:
            self.assertEqual(self.ask(server, "/api/echo")[2], b"echo\n")
            self.assertEqual(server.send_json(otlp_request())[0], 200)
            for port in ("tempo", "http"):
                status, headers, body = self.ask(server, search_path(QUERY), port)
                self.assertEqual((status, headers["Content-Type"]), (200, "application/json"), body)
                trace = json.loads(body)["traces"][0]
                self.assertEqual((trace["traceID"], trace["rootServiceName"], trace["rootTraceName"]),
                                 (TRACE_ID, "test", "operation"))
                span = trace["spanSets"][0]["spans"][0]
                self.assertIn({"key": "nestedSetParent", "value": {"intValue": "-1"}}, span["attributes"])
            status, _, body = self.ask(server, f"/api/v2/traces/{TRACE_ID}", accept="application/protobuf")
            self.assertEqual((status, body[:1]), (200, b"\x0a"))
            self.assertIn(bytes.fromhex(TRACE_ID), body)
            scopes = json.loads(self.ask(server, "/api/v2/search/tags?limit=5000")[2])["scopes"]
            self.assertIn({"name": "resource", "tags": ["service.name"]}, scopes)
            values = json.loads(self.ask(server, "/api/v2/search/tag/resource.service.name/values")[2])["tagValues"]
            self.assertEqual(values, [{"type": "string", "value": "test"}])

    def test_a_wrong_query_is_told_its_place(self):
        with Spandrel() as server:
            status, headers, body = self.ask(server, search_path("{ durtion > 1s }"))
            self.assertEqual(status, 400)
            self.assertTrue(headers["Content-Type"].startswith("text/plain"))
            self.assertIn(b"1:3:", body)
            self.assertIn(b"did you mean 'duration'", body)

    def test_old_and_new_names_are_one_question(self):
        request = otlp_request()
        request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] = [
            {"key": "http.method", "value": {"stringValue": "GET"}}]
        path = search_path('{ span.http.request.method = "GET" }')
        exact = {"X-Spandrel-Exact-Names": "true"}
        with Spandrel() as server:
            self.assertEqual(server.send_json(request)[0], 200)
            self.assertEqual(len(json.loads(self.ask(server, path)[2])["traces"]), 1)
            self.assertEqual(json.loads(server.request("tempo", path, headers=exact)[2])["traces"], [])
            url = "http://" + server.addresses["http"]
            for arguments, found in ((), 1), (("--exact-names",), 0):
                answer = run("query", "--server", url, "--format", "json", *arguments, '{ .http.request.method = "GET" }')
                self.assertEqual(answer.stdout.count(TRACE_ID), found, answer.stderr)
        with Spandrel("--exact-names") as server:
            self.assertEqual(server.send_json(request)[0], 200)
            self.assertEqual(json.loads(self.ask(server, path)[2])["traces"], [])

    def test_the_port_has_a_login_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "config.yaml"
            config.write_text(f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}}}}}}}
exporters: {{store: {{store: store}}}}
extensions:
  store: {{directory: "{folder}/data"}}
  query:
    endpoint: "127.0.0.1:0"
    store: store
    tempo: {{endpoint: "127.0.0.1:0", auth: {{bearer: {{token: t0ken}}}}}}
service:
  extensions: [store, query]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [store]}}}}
""")
            with Spandrel("--config", config, built_in=False) as server:
                self.assertEqual(self.ask(server, "/api/search", "http")[0], 200)
                self.assertEqual(self.ask(server, "/api/search")[0], 401)
                login = {"Authorization": "Bearer t0ken"}
                self.assertEqual(server.request("tempo", "/api/search", headers=login)[0], 200)
                self.assertEqual(self.ask(server, "/ready")[0], 200)


if __name__ == "__main__":
    unittest.main()
