# SPDX-License-Identifier: Apache-2.0
"""tools/check_layers.py finds each kind of violation, and nothing in a tree without one."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import check_layers  # noqa: E402

TABLE = {
    "": ["0 base -", "1 store base", "2 sdk base include/spandrel"],
    "[folders]": ["store: disk < {log, part/format} < part < ."],
    "[outside]": ["include/spandrel -", "tests *", "examples include/spandrel"],
    "[debt]": [],
}

# A tree without a fault; each test adds one.
TREE = {
    "src/base/status.h": "#include <string>",
    "src/base/status_test.cc": '#include "base/status.h"\n#include "fixtures/tree.h"',
    "src/store/disk/file.h": '#include "base/status.h"',
    "src/store/disk/file_test.cc": '#include "store/engine.h"',
    "src/store/log/log.h": '#include "store/disk/file.h"',
    "src/store/part/format/header.h": '#include "store/disk/file.h"',
    "src/store/part/part.cc": '#include "store/part/format/header.h"',
    "src/store/part/deep/inside.h": '#include "store/log/log.h"',
    "src/store/engine.h": '#include "store/part/deep/inside.h"',
    "src/store/engine.cc": '#include "store/engine.h"',
    "src/sdk/tracer.cc": '#include "spandrel/sdk.h"\n#include "base/status.h"',
    "include/spandrel/sdk.h": '#include "opentelemetry/trace/tracer.h"\n#include "spandrel/http.h"\n#include <curl/curl.h>',
    "include/spandrel/http.h": "#include <vector>",
    "tests/fixtures/tree.h": '#include "store/engine.h"',
    "tests/fixtures/tree.cc": '#include "tree.h"',
    "examples/hello/hello.cc": '#include "spandrel/sdk.h"',
}


def run_tool(files, table):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("// SPDX\n" + text + "\n")
        lines = [line for section, rows in table.items() for line in [section, *rows]]
        path = pathlib.Path(folder, "cmake/layers.txt")
        path.parent.mkdir()
        path.write_text("\n".join(lines))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), unittest.mock.patch("sys.argv", ["check_layers.py", folder]):
            return check_layers.main(), printed.getvalue()


class CheckLayersTest(unittest.TestCase):
    def assert_clean(self, files=None, table=None):
        done = run_tool({**TREE, **(files or {})}, {**TABLE, **(table or {})})
        self.assertEqual(done, (0, "layers: every include is allowed\n"))

    def assert_fault(self, expected, files=None, table=None, without=()):
        kept = {name: text for name, text in TREE.items() if name not in without}
        done = run_tool({**kept, **(files or {})}, {**TABLE, **(table or {})})
        self.assertEqual(done, (1, expected + "\n"))

    def test_accepts_a_tree_without_a_fault(self):
        self.assert_clean()

    def test_module_from_a_module_that_is_not_granted(self):
        self.assert_fault("src/base/status.cc: base (layer 0) may not include from store",
                          {"src/base/status.cc": '#include "store/engine.h"'})

    def test_sees_includes_in_angle_brackets(self):
        self.assert_fault("src/base/status.cc: base (layer 0) may not include from store",
                          {"src/base/status.cc": "#  include <store/engine.h>"})

    def test_module_from_public_headers(self):
        self.assert_fault("src/store/engine.cc: store may not include from include/spandrel",
                          {"src/store/engine.cc": '#include "spandrel/sdk.h"'})

    def test_module_from_test_helpers(self):
        self.assert_fault("src/store/engine.cc: store may not include from tests",
                          {"src/store/engine.cc": '#include "fixtures/tree.h"'})

    def test_product_code_from_a_test_helper_of_its_module(self):
        for helper in ("store/testing/disk.h", "store/test_disk.h"):
            self.assert_fault(f"src/store/engine.cc: {helper} is for tests only",
                              {f"src/{helper}": '#include "fixtures/tree.h"', "src/store/engine_test.cc": f'#include "{helper}"',
                               "src/store/engine.cc": f'#include "{helper}"'})

    def test_module_by_a_relative_path(self):
        self.assert_fault("src/store/engine.cc: engine.h is to be named by its path from src",
                          {"src/store/engine.cc": '#include "engine.h"'})

    def test_test_from_a_higher_layer(self):
        self.assert_fault("src/base/status_test.cc: base (layer 0) may not include from store",
                          {"src/base/status_test.cc": '#include "store/engine.h"'})

    def test_folder_from_a_higher_folder(self):
        self.assert_fault("src/store/disk/map.cc: store/disk may not include from store/log",
                          {"src/store/disk/map.cc": '#include "store/log/log.h"'})

    def test_folder_from_the_modules_own_folder(self):
        self.assert_fault("src/store/part/part.cc: store/part may not include from store/.",
                          {"src/store/part/part.cc": '#include "store/engine.h"'})

    def test_folder_from_one_in_the_same_braces(self):
        self.assert_fault("src/store/log/log.cc: store/log may not include from store/part/format",
                          {"src/store/log/log.cc": '#include "store/part/format/header.h"'})

    def test_deeper_folder_counts_as_the_one_above(self):
        self.assert_fault("src/store/log/end.cc: store/log may not include from store/part",
                          {"src/store/log/end.cc": '#include "store/part/deep/inside.h"'})

    def test_folder_without_a_name_in_the_row(self):
        self.assert_fault("src/store/cache: not in the row of store in [folders] of cmake/layers.txt",
                          {"src/store/cache/cache.h": ""})

    def test_folder_in_a_row_that_is_not_there(self):
        self.assert_fault("cmake/layers.txt: src/store/log does not exist", without=("src/store/log/log.h",),
                          files={"src/store/part/deep/inside.h": ""})

    def test_public_header_from_a_module(self):
        self.assert_fault("include/spandrel/http.h: include/spandrel may not include from base",
                          {"include/spandrel/http.h": '#include "base/status.h"'})

    def test_public_header_from_another_part_of_opentelemetry(self):
        self.assert_fault("include/spandrel/http.h: include/spandrel may not include from opentelemetry/sdk",
                          {"include/spandrel/http.h": '#include "opentelemetry/sdk/trace/exporter.h"'})

    def test_public_header_by_a_relative_path(self):
        self.assert_fault("include/spandrel/sdk.h: include/spandrel may not include from http.h",
                          {"include/spandrel/sdk.h": '#include "http.h"'})

    def test_example_from_a_module(self):
        self.assert_fault("examples/hello/hello.cc: examples may not include from base",
                          {"examples/hello/hello.cc": '#include "base/status.h"'})

    def test_cycle_of_two_units_over_their_sources(self):
        self.assert_fault("file units that need each other: base/clock base/status",
                          {"src/base/clock.h": "", "src/base/clock.cc": '#include "base/status.h"',
                           "src/base/status.cc": '#include "base/clock.h"'})

    def test_cycle_in_public_headers(self):
        self.assert_fault("file units that need each other: spandrel/http spandrel/sdk",
                          {"include/spandrel/http.h": '#include "spandrel/sdk.h"'})

    def test_debt_allows_by_name_and_must_be_needed(self):
        wrong = {"src/base/status.cc": '#include "store/engine.h"'}
        debt = {"[debt]": ["src/base/status.cc includes store  # until it moves"]}
        self.assert_clean(wrong, debt)
        self.assert_fault("cmake/layers.txt: the debt 'src/base/status.cc includes store' is paid: take it out",
                          table=debt)

    def test_row_that_grants_upwards_or_a_stranger(self):
        self.assert_fault("cmake/layers.txt: base (layer 0) grants itself store of layer 1",
                          table={"": ["0 base store", "1 store base", "2 sdk base include/spandrel"]})
        self.assert_fault("cmake/layers.txt: base grants itself core, which has no row",
                          table={"": ["0 base core", "1 store base", "2 sdk base include/spandrel"]})

    def test_module_without_a_row(self):
        self.assert_fault("src/web: not in cmake/layers.txt", {"src/web/page.h": ""})

    def test_unknown_section(self):
        self.assert_fault("cmake/layers.txt: unknown section [modules]", table={"[modules]": ["0 base"]})


if __name__ == "__main__":
    unittest.main()
