# SPDX-License-Identifier: Apache-2.0
"""tools/speed_gate.py reads figures and says which are slower."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import speed_gate  # noqa: E402

TABLE = """\
span, sampled                     Spandrel    opentelemetry-cpp
5 attributes                      148 ns      1,240 ns
no attributes                     60 ns       610.5 ns
span, allocations
sampled, 5 attributes             0 allocs    14 allocs
"""


class SpeedGateTest(unittest.TestCase):
    def test_over_the_limit_is_slower(self):
        rows = list(speed_gate.compare({"a": 100, "b": 100, "gone": 1}, {"a": 109, "b": 111, "new": 1}, 10))
        self.assertEqual([(row[0], row[4]) for row in rows],
                         [("a", "ok"), ("b", "SLOWER"), ("gone", "only one has it"), ("new", "only one has it")])

    def test_reads_a_programs_own_table(self):
        self.assertEqual(speed_gate.read_table(TABLE), {
            "span, sampled: 5 attributes": 148, "span, sampled: no attributes": 60})

    def test_medians_of_runs_that_take_turns(self):
        asked = []
        figures = iter([1, 10, 5, 30, 3, 20])

        def measure(program, benchmarks):
            asked.append(program)
            return {benchmarks: next(figures)}

        self.assertEqual(speed_gate.medians_of_pairs(["base", "head"], "case", measure, 3), [{"case": 3}, {"case": 20}])
        self.assertEqual(asked, ["base", "head"] * 3)


if __name__ == "__main__":
    unittest.main()
