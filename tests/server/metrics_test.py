# SPDX-License-Identifier: Apache-2.0
"""The table of metrics: the page in the guide is what the program prints, and a program that runs everything shows
every metric that is in it."""
import pathlib
import re
import tempfile
import unittest

from spandrel_process import ROOT, Spandrel, run

PAGE = ROOT / "docs/guide/metrics.md"
ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge) \| (?:normal|refused|fault|loss) \|([^|]*)\| (.+) \|$", re.MULTILINE)
# One component of each kind that has metrics. The exporters' peers are not there, which does not matter.
CONFIG = """
receivers:
  otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:0"}}, http: {{endpoint: "127.0.0.1:0"}}}}}}
processors:
  batch: {{}}
  attributes: {{actions: [{{key: a, action: delete}}]}}
  resource: {{attributes: [{{key: a, action: delete}}]}}
exporters:
  store: {{directory: "{folder}/data"}}
  otlp: {{endpoint: "127.0.0.1:9", tls: {{insecure: true}}}}
  otlphttp: {{endpoint: "http://127.0.0.1:9"}}
  jaeger: {{endpoint: "127.0.0.1:9", tls: {{insecure: true}}}}
  debug: {{}}
  nop: {{}}
connectors: {{forward: {{}}}}
extensions:
  query: {{endpoint: "127.0.0.1:0"}}
service:
  extensions: [query]
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], processors: [batch, attributes, resource], exporters: [store, otlp, otlphttp, jaeger, debug, nop]}}
    metrics: {{receivers: [otlp], processors: [batch, attributes, resource], exporters: [forward]}}
    metrics/out: {{receivers: [forward], exporters: [otlp, otlphttp, debug, nop]}}
    logs: {{receivers: [otlp], processors: [batch, attributes, resource], exporters: [otlp, otlphttp, debug, nop]}}
"""


def rows(page):
    return {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), help_text)
            for name, kind, labels, help_text in ROW.findall(page)}


def families(text):
    """What the Prometheus text says of each metric, in the shape of rows()."""
    helps = dict(re.findall(r"^# HELP (\w+) (.*)$", text, re.MULTILINE))
    kinds = dict(re.findall(r"^# TYPE (\w+) (.*)$", text, re.MULTILINE))
    found = {}
    for name, labels in re.findall(r"^([a-z_]+)(\{.*\})? \S+$", text, re.MULTILINE):
        names = tuple(re.findall(r'[{,](\w+)="', labels))
        found.setdefault(name, set()).add((kinds[name], names, helps[name]))
    return found


class MetricsTest(unittest.TestCase):
    maxDiff = None

    def test_the_page_is_what_the_program_prints(self):
        printed = run("metrics")
        self.assertEqual(printed.returncode, 0, printed.stderr)
        self.assertEqual(PAGE.read_text(encoding="utf-8"), printed.stdout, f"run: spandrel metrics > {PAGE}")

    def test_a_program_that_runs_everything_shows_each_row(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "all.yaml"
            path.write_text(CONFIG.format(folder=folder), encoding="utf-8")
            with Spandrel("--config", path, built_in=False) as server:
                shown = families(server.request("http", "/metrics")[2].decode())
        expected = rows(PAGE.read_text(encoding="utf-8"))
        self.assertGreater(len(expected), 50)
        self.assertEqual({name: {row} for name, row in expected.items()}, shown)


if __name__ == "__main__":
    unittest.main()
