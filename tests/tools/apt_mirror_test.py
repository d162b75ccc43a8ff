# SPDX-License-Identifier: Apache-2.0
"""tools/apt_mirror.sh finds the machine's Debian mirror in sources of both formats."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "tools/apt_mirror.sh"

DEB822 = """\
Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Types: deb deb-src
URIs: https://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb http://other.example/debian trixie main
deb [arch=amd64] http://one-line.example/debian/ bookworm contrib main
"""


def mirror_of_bookworm(files):
    """What debian_mirror prints where apt has only these files, {name: text}."""
    with tempfile.TemporaryDirectory() as folder:
        parts = pathlib.Path(folder, "parts")
        parts.mkdir()
        for name, text in files.items():
            (parts / name).write_text(text)
        options = f"-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts={parts} -o APT::Architecture=amd64"
        done = subprocess.run(["bash", "-c", f"source {SCRIPT}; debian_mirror bookworm {options}"],
                              capture_output=True, text=True, check=True)
        return done.stdout.strip()


@unittest.skipUnless(shutil.which("apt-get"), "there is no apt-get")
class AptMirrorTest(unittest.TestCase):
    def test_deb822(self):
        self.assertEqual(mirror_of_bookworm({"debian.sources": DEB822}), "https://mirror.example/debian/")

    def test_one_line(self):
        self.assertEqual(mirror_of_bookworm({"debian.list": ONE_LINE}), "http://one-line.example/debian/")

    def test_the_first_of_several(self):
        self.assertEqual(mirror_of_bookworm({"a.list": ONE_LINE, "b.sources": DEB822}), "http://one-line.example/debian/")

    def test_no_source_of_the_release(self):
        self.assertEqual(mirror_of_bookworm({"a.list": "deb http://other.example/debian trixie main\n"}), "")
        self.assertEqual(mirror_of_bookworm({}), "")


if __name__ == "__main__":
    unittest.main()
