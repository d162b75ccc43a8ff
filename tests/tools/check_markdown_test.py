# SPDX-License-Identifier: Apache-2.0
"""tools/check_markdown.py finds each kind of fault, and nothing in a page without one."""
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from check_markdown import faults_in  # noqa: E402

PAGE = """\
# A page

Text about `a | b`.

## A part

| key | meaning |
|---|--:|
| `a` | one \\| or two |

1. a list
   that goes on

    with a paragraph of its own

```sh
    #anything | here
|
```
"""


class CheckMarkdownTest(unittest.TestCase):
    def assert_faults(self, old, new, *expected):
        self.assertIn(old, PAGE)
        self.assertEqual(list(faults_in(PAGE.replace(old, new))), list(expected))

    def test_accepts_a_page_without_a_fault(self):
        self.assertEqual(list(faults_in(PAGE)), [])

    def test_title(self):
        self.assert_faults("# A page\n", "A page\n", (1, "a file begins with its title: '# ' and words"))
        self.assertEqual(len(list(faults_in(""))), 1)

    def test_heading_without_a_space(self):
        self.assert_faults("## A part", "##A part", (5, "a heading has a space after at most six marks"))

    def test_table_rows(self):
        self.assert_faults("| or two |", "| or | two |", (9, "3 cells in a table of 2"))
        self.assert_faults("| or two |", "| or two", (9, "a row of a table ends with a bar"))
        self.assert_faults("|---|--:|", "|-- - | -- - |", (7, "a table needs a line of dashes under its first row"))

    def test_open_fence(self):
        self.assert_faults("|\n```\n", "|\n", (16, "the fence is never closed"))

    def test_spaces_at_the_end(self):
        self.assert_faults("# A page", "# A page ", (1, "the line ends in spaces"))

    def test_indented_text(self):
        self.assert_faults("Text", "    Text", (3, "indented text outside of a list is code: use a fence"))

    @unittest.skipUnless(shutil.which("clang-format-14"), "there is no clang-format")
    def test_what_clang_format_makes_of_a_page(self):
        done = subprocess.run(["clang-format-14"], input=PAGE, capture_output=True, text=True, check=True)
        self.assertNotEqual(list(faults_in(done.stdout)), [])


if __name__ == "__main__":
    unittest.main()
