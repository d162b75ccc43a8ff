# SPDX-License-Identifier: Apache-2.0
"""The quickstart's services stop as the guide says: a signal loses no span."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import unittest
import urllib.request

BIN = pathlib.Path(os.environ.get("SPANDREL_BIN", "build/dev/bin"))
TIMEOUT_S = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get_when_it_listens(service, url):
    """The program says its address before it listens."""
    while service.poll() is None:
        try:
            return urllib.request.urlopen(url, timeout=TIMEOUT_S).read()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
    raise RuntimeError(f"the service ended with {service.returncode}")


class Quickstart(unittest.TestCase):
    def test_signals_lose_no_span(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number.name):
                port = free_port()
                environment = {**os.environ, "OTEL_TRACES_EXPORTER": "console", "OTEL_BSP_SCHEDULE_DELAY": "60000"}
                service = subprocess.Popen([BIN / "quickstart-backend", str(port)], stdout=subprocess.PIPE, text=True,
                                           env=environment)
                try:
                    url = f"http://127.0.0.1:{port}/name"
                    answers = [get_when_it_listens(service, url) for _ in range(3)]
                    service.send_signal(number)
                    output, _ = service.communicate(timeout=TIMEOUT_S)
                finally:
                    service.kill()
                    service.communicate()
                self.assertEqual(answers, [b"world\n"] * 3)
                self.assertEqual(service.returncode, 0)
                self.assertEqual(len(re.findall(r'"name":"GET /name"', output)), 3, output)


if __name__ == "__main__":
    unittest.main()
