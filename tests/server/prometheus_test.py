# SPDX-License-Identifier: Apache-2.0
"""What Grafana's Prometheus data source asks for the service graph, on both ports; and a scrape, read by Prometheus's
own parser where it is installed."""
import json
import time
import unittest
import urllib.parse

from spandrel_process import Spandrel, otlp_request

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
GRAPH = "sum by (client, server) (rate({}[3600s]))"


class PrometheusTest(unittest.TestCase):
    def setUp(self):
        self.server = Spandrel()
        self.addCleanup(self.server.stop)
        start = time.time_ns()
        for span in (
            {"span_id": "00000000000000a1", "service": "web", "kind": 2},
            {"span_id": "00000000000000a2", "service": "web", "kind": 3, "parentSpanId": "00000000000000a1"},
            {"span_id": "00000000000000a3", "service": "shop", "kind": 2, "parentSpanId": "00000000000000a2",
             "status": {"code": 2}},
        ):
            request = otlp_request(TRACE_ID, name="get \"it\"", start_ns=start, **span)
            self.assertEqual(self.server.send_json(request)[0], 200)

    def ask(self, path, port="http", method="GET", **parameters):
        text = urllib.parse.urlencode(parameters, doseq=True)
        if method == "GET":
            status, headers, body = self.server.request(port, f"{path}?{text}")
        else:
            status, headers, body = self.server.request(port, path, text.encode(),
                                                        {"Content-Type": "application/x-www-form-urlencoded"}, "POST")
        self.assertEqual(headers["Content-Type"], "application/json", body)
        return status, json.loads(body)

    def data(self, path, **parameters):
        status, answer = self.ask(path, **parameters)
        self.assertEqual((status, answer["status"]), (200, "success"), answer)
        return answer["data"]

    def test_the_service_graph_by_both_methods_on_both_ports(self):
        for port in ("http", "tempo"):
            for method in ("GET", "POST"):
                data = self.data("/api/v1/query", port=port, method=method, time=time.time() + 1,
                                 query=GRAPH.format("traces_service_graph_request_total"))
                self.assertEqual(data["resultType"], "vector")
                edges = {(one["metric"]["client"], one["metric"]["server"]): float(one["value"][1])
                         for one in data["result"]}
                self.assertEqual(edges, {("user", "web"): 1 / 3600, ("web", "shop"): 1 / 3600})
        failed = self.data("/api/v1/query", query=GRAPH.format("traces_service_graph_request_failed_total"))
        self.assertEqual([one["metric"] for one in failed["result"]], [{"client": "web", "server": "shop"}])

    def test_the_table_of_operations(self):
        query = 'topk(5, sum(rate(traces_spanmetrics_calls_total{span_kind="SPAN_KIND_SERVER"}[1h])) by (span_name))'
        result = self.data("/api/v1/query", query=query)["result"]
        self.assertEqual([one["metric"] for one in result], [{"span_name": 'get "it"'}])
        now = int(time.time())
        matrix = self.data("/api/v1/query_range", start=now - 60, end=now + 1, step=1,
                           query="histogram_quantile(.9, sum(rate(traces_spanmetrics_latency_bucket[30s])) by (le))")
        self.assertEqual(matrix["resultType"], "matrix")
        self.assertEqual(len(matrix["result"][0]["values"]), 62)

    def test_a_wrong_query_is_told_its_place(self):
        status, answer = self.ask("/api/v1/query", query="sum(\nirate(a[5m]))")
        self.assertEqual((status, answer["errorType"]), (400, "bad_data"))
        self.assertIn("2:1: 'irate' is not answered here; did you mean 'rate'?", answer["error"])

    def scrape(self):
        status, headers, body = self.server.request("http", "/metrics/spans")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        return body.decode()

    def test_a_scrape_has_the_calls_since_the_start(self):
        self.assertIn('traces_service_graph_request_total{client="web",server="shop"} 1\n', self.scrape())

    @unittest.skipIf(text_string_to_metric_families is None,
                     "LOUD SKIP: Prometheus's parser is not here (Debian: python3-prometheus-client)")
    def test_a_scrape_is_what_prometheus_reads(self):
        families = {family.name: family for family in text_string_to_metric_families(self.scrape())}
        calls = families["traces_spanmetrics_calls"]
        self.assertEqual(calls.type, "counter")
        self.assertEqual(sum(sample.value for sample in calls.samples), 3)
        self.assertEqual({sample.labels["span_name"] for sample in calls.samples}, {'get "it"'})
        latency = families["traces_spanmetrics_latency"]
        self.assertEqual(latency.type, "histogram")
        infinite = [sample.value for sample in latency.samples if sample.labels.get("le") == "+Inf"]
        self.assertEqual(sum(infinite), 3)


if __name__ == "__main__":
    unittest.main()
