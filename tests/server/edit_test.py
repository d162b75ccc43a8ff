# SPDX-License-Identifier: Apache-2.0
"""The processors that change spans, in the real program: an OTLP client sends, Jaeger's API shows what was kept."""
import pathlib
import tempfile
import unittest

from spandrel_process import Spandrel, otlp_request, run

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
CONFIG = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}}}}}
processors:
  resource:
    attributes:
      - {{key: deployment.environment.name, action: insert, value: test}}
      - {{key: host.id, action: delete}}
  attributes/people:
    include: {{match_type: regexp, span_names: ["^GET "]}}
    actions:
      - {{key: enduser.id, action: hash}}
      - {{key: http.url, action: extract, pattern: '^\\w+://(?P<server_address>[^/]+)'}}
      - {{key: http.status_code, action: convert, converted_type: int}}
      - {{action: delete, pattern: '^secret\\.'}}
exporters:
  store: {{directory: "{folder}/data"}}
extensions:
  query: {{endpoint: "127.0.0.1:0"}}
service:
  extensions: [query]
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], processors: [resource, attributes/people], exporters: [store]}}
"""


def attributes(**texts):
    return [{"key": key.replace("__", "."), "value": {"stringValue": text}} for key, text in texts.items()]


def tags(entry):
    return {tag["key"]: tag["value"] for tag in entry["tags"]}


class EditTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def config(self, text):
        path = self.folder / "collector.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def test_spans_are_kept_as_the_processors_leave_them(self):
        with Spandrel("--config", self.config(CONFIG.format(folder=self.folder)), built_in=False) as server:
            request = otlp_request(name="GET /cart", attributes=attributes(
                enduser__id="abc", http__url="https://shop.example/cart", http__status_code="404", secret__token="x"))
            resource = request["resourceSpans"][0]["resource"]
            resource["attributes"] += attributes(host__id="h1")
            spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"]
            spans.append({**spans[0], "spanId": "00f067aa0ba902b7", "name": "work",
                          "attributes": attributes(enduser__id="abc")})
            self.assertEqual(server.send_json(request)[0], 200)
            trace = server.get_json(f"/api/traces/{TRACE_ID}")["data"][0]
            process = tags(next(iter(trace["processes"].values())))
            self.assertEqual(process["deployment.environment.name"], "test")
            self.assertNotIn("host.id", process)
            found = {span["operationName"]: tags(span) for span in trace["spans"]}
            self.assertEqual(found["work"]["enduser.id"], "abc")
            edited = found["GET /cart"]
            self.assertEqual(edited["enduser.id"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
            self.assertEqual(edited["server_address"], "shop.example")
            self.assertEqual(edited["http.status_code"], 404)
            self.assertNotIn("secret.token", edited)
            metrics = server.request("http", "/metrics")[2].decode()
            self.assertRegex(metrics, r'spandrel_processor_refused_edits_total\{[^}]*processor="resource"[^}]*\} 0')
            # What was edited in memory is free again.
            found = server.get_json("/api/ui/v1/search?service=test")["traces"]
            self.assertEqual([one["traceId"] for one in found], [TRACE_ID])

    def test_mistakes_are_told_with_their_place(self):
        text = CONFIG.format(folder=self.folder).replace("action: hash", "action: hsah")
        result = run("validate", "--config", self.config(text))
        self.assertNotEqual(result.returncode, 0)
        self.assertRegex(result.stdout + result.stderr,
                         r"collector\.yaml:12:\d+: processors::attributes/people::actions::0::action: "
                         r"'hsah' is none of .*did you mean 'hash'")


if __name__ == "__main__":
    unittest.main()
