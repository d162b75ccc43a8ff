# SPDX-License-Identifier: Apache-2.0
"""tools/files_to_lint.py picks what changed and what includes it, and everything when it cannot know."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from files_to_lint import files_to_lint  # noqa: E402

TREE = {
    ".clang-tidy": "Checks: '-*'\n",
    "include/spandrel/sdk.h": "",
    "src/base/clock.h": "",
    "src/base/clock.cc": '#include "base/clock.h"\n',
    "src/base/clock_test.cc": '#include "base/clock.h"\n',
    "src/net/server.h": '#include "base/clock.h"\n',
    "src/net/server.cc": '#include "net/server.h"\n',
    "src/net/tls.cc": "#include <string>\n",
    "src/sdk/tracer.cc": '#include "spandrel/sdk.h"\n',
}
EVERY = ["src/base/clock.cc", "src/net/server.cc", "src/net/tls.cc", "src/sdk/tracer.cc"]


class FilesToLintTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name, text in TREE.items():
            self.write(name, text)
        self.git("init", "-q", "-b", "main")
        self.commit()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *words):
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a change")

    def picked(self, mode="changed", base=""):
        return files_to_lint(self.root, mode, base)[0]

    def test_everything_on_main_with_nothing_uncommitted(self):
        self.assertEqual(self.picked(), EVERY)

    def test_a_source_alone(self):
        self.write("src/net/tls.cc", "#include <vector>\n")
        self.assertEqual(self.picked(), ["src/net/tls.cc"])

    def test_what_includes_a_header_over_another(self):
        self.git("checkout", "-q", "-b", "branch")
        self.write("src/base/clock.h", "#include <string>\n")
        self.commit()
        self.assertEqual(self.picked(), ["src/base/clock.cc", "src/net/server.cc"])

    def test_a_public_header(self):
        self.write("include/spandrel/sdk.h", "#include <string>\n")
        self.assertEqual(self.picked(), ["src/sdk/tracer.cc"])

    def test_a_new_file(self):
        self.write("src/net/new.cc", "")
        self.assertEqual(self.picked(), ["src/net/new.cc"])

    def test_nothing_for_a_document(self):
        self.write("README.md", "text\n")
        self.assertEqual(self.picked(), [])

    def test_everything_when_asked_or_when_the_checks_changed(self):
        self.write("src/net/tls.cc", "#include <vector>\n")
        self.assertEqual(self.picked(mode="all"), EVERY)
        self.write(".clang-tidy", "Checks: '*'\n")
        self.assertEqual(self.picked(), EVERY)

    def test_a_base_by_name_must_be_an_ancestor(self):
        self.write("src/net/tls.cc", "#include <vector>\n")
        self.commit()
        self.assertEqual(self.picked(base="HEAD~1"), ["src/net/tls.cc"])
        self.assertEqual(self.picked(base="no-such-name"), EVERY)
        self.git("checkout", "-q", "--orphan", "other")
        self.commit()
        self.assertEqual(self.picked(base="main"), EVERY)


if __name__ == "__main__":
    unittest.main()
