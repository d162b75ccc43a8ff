# SPDX-License-Identifier: Apache-2.0
"""`spandrel load`: its shapes arrive, its planted attributes are found, its mistakes are named."""
import json
import unittest

from spandrel_process import Spandrel, run


class LoadTest(unittest.TestCase):
    def test_planted_attributes_are_found_in_every_shape(self):
        for shape, arrival, services in (("company", "whole", 20), ("company", "pieces", 20), ("tracegen", "whole", 10),
                                         ("tracegen-random", "pieces", 10)):
            with self.subTest(f"{shape}, {arrival}"), Spandrel() as server:
                done = run("load", "--json", "--endpoint", server.addresses["otlp_grpc"], "--spans", 2000,
                           "--shape", shape, "--arrival", arrival, "--period", "1h", "--plant", "rare.key=needle:3")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(done.stdout)["acknowledged"], 2000)
                self.assertEqual(len(server.get_json("/api/ui/v1/services")["services"]), services)
                found = server.get_json("/api/ui/v1/search?tags=rare.key%3Dneedle")["traces"]
                starts = [int(trace["startNs"]) for trace in found]
                self.assertEqual(len(starts), 3)
                self.assertGreater(max(starts) - min(starts), 30 * 60 * 10**9)

    def test_mistakes_are_named(self):
        for arguments, word in ((("--plant", "key:3"), "--plant"), (("--plant", "k=v:many"), "--plant"),
                                (("--spans", 10, "--plant", "k=v:11"), "--plant"), (("--period", "4"), "--period"),
                                (("--shape", "round"), "--shape"), (("--arrival", "late"), "--arrival")):
            done = run("load", *arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
