# SPDX-License-Identifier: Apache-2.0
"""tools/check_headers.py picks the headers that no source vouches for, and compiles them alone."""
import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import check_headers  # noqa: E402


class CheckHeadersTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def test_only_the_first_include_of_a_source_vouches(self):
        source = self.write("src/base/clock.cc", '// A clock.\n#include "base/clock.h"\n\n#include "base/log.h"\n')
        self.assertEqual(check_headers.included_first([source, self.root / "gone.cc"]), {"base/clock.h"})

    def test_headers_are_named_as_an_include_names_them(self):
        public, own = self.write("include/spandrel/sdk.h", ""), self.write("src/net/http/parser.h", "")
        self.assertEqual(check_headers.headers_of(self.root), {"net/http/parser.h": own, "spandrel/sdk.h": public})
        self.assertEqual(check_headers.module_of(own, self.root), "net")
        self.assertEqual(check_headers.module_of(public, self.root), check_headers.PUBLIC_LIKE)

    def test_flags_come_from_a_test_of_the_module_and_name_no_file(self):
        entries = [{"file": f"{self.root}/src/base/{name}", "command": f"g++ -D{define} -o x.o -c {name}"}
                   for name, define in (("clock.cc", "A"), ("clock_test.cc", "B"))]
        self.assertEqual(check_headers.flags_by_module(entries, self.root), {"base": ["g++", "-DB"]})

    @unittest.skipUnless(shutil.which("g++"), "there is no g++")
    def test_a_header_that_leans_on_its_includer_fails(self):
        self.write("src/base/leans.h", "#pragma once\nstd::string Name();\n")
        self.write("src/base/stands.h", "#pragma once\n#include <string>\nstd::string Name();\n")
        flags = ["g++", f"-I{self.root}/src"]
        self.assertNotEqual(check_headers.compile_alone("base/leans.h", flags, self.root).returncode, 0)
        self.assertEqual(check_headers.compile_alone("base/stands.h", flags, self.root).returncode, 0)


if __name__ == "__main__":
    unittest.main()
