# SPDX-License-Identifier: Apache-2.0
"""Every thread of a server that stores and answers has a name of its own."""
import pathlib
import unittest

from spandrel_process import Spandrel, run


def thread_names(pid):
    """{thread id: name}"""
    return {int(task.name): (task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


class ThreadNames(unittest.TestCase):
    def test_of_a_server_at_work(self):
        with Spandrel() as server:
            sent = run("load", "--endpoint", server.addresses["otlp_grpc"], "--spans", 100, "--rate", 1000)
            self.assertEqual(sent.returncode, 0, sent.stderr)
            server.get_json("/api/ui/v1/services")
            names = thread_names(server.process.pid)
            self.assertEqual([thread for thread, name in names.items() if name == "spandrel"], [server.process.pid])
            for name in ("spandrel-io", "spandrel-log", "spandrel-seal", "spandrel-tidy", "spandrel-work"):
                self.assertIn(name, names.values())


if __name__ == "__main__":
    unittest.main()
