# SPDX-License-Identifier: Apache-2.0
"""What fuzz/ holds fits the fuzz targets: run_fuzz.sh itself takes too long to be a test."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ENTRY = re.compile(r'^"(?:[^"\\]|\\["\\]|\\x[0-9a-f]{2})+"$')


def listed():
    rows = [line.split() for line in (ROOT / "fuzz/targets.txt").read_text(encoding="utf-8").splitlines()
            if not line.startswith("#")]
    return {name: (int(floor), dictionary) for name, floor, dictionary in rows}


class FuzzTargetsTest(unittest.TestCase):
    def test_every_target_is_listed_and_has_seeds(self):
        targets = {path.stem for path in (ROOT / "src").rglob("*_fuzz.cc")}
        self.assertEqual(targets, set(listed()))
        for target in targets:
            self.assertTrue(any((ROOT / "fuzz" / target).iterdir()), f"no seeds of {target}")

    def test_every_target_has_a_floor_and_a_dictionary(self):
        for target, (floor, dictionary) in listed().items():
            self.assertGreater(floor, 0, target)
            self.assertTrue((ROOT / f"fuzz/dictionaries/{dictionary}.dict").is_file(), target)

    def test_dictionaries_are_well_formed(self):
        for path in (ROOT / "fuzz/dictionaries").glob("*.dict"):
            for line in path.read_text(encoding="utf-8").splitlines():
                if not line.startswith("#"):
                    self.assertRegex(line, ENTRY, path.name)


if __name__ == "__main__":
    unittest.main()
