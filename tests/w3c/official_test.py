# SPDX-License-Identifier: Apache-2.0
"""The specification's own harness against each service under test.

W3C_TRACE_CONTEXT_TEST names its folder, `test` of a checkout of github.com/w3c/trace-context: no registry brings it. Its
one dependency, aiohttp, is installed by pip into build/tools/w3c-python unless this Python has it. Without the one or
the other nothing is tested here, which is said aloud.
"""
import os
import pathlib
import re
import socket
import subprocess
import sys
import unittest

from harness import ROOT, SERVICES, Service

FOLDER = "W3C_TRACE_CONTEXT_TEST"
VENV = ROOT / "build/tools/w3c-python"
INSTALL_S = 300
RUN_S = 300


class Missing(Exception):
    """Why the harness cannot run here."""


def has_aiohttp(python):
    return subprocess.run([python, "-c", "import aiohttp"], capture_output=True, check=False).returncode == 0


def run_or_miss(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise Missing(f"{command[0]} took more than {INSTALL_S} s") from error
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Missing(lines[-1] if lines else f"{command[0]} failed")


def python_with_aiohttp():
    """This Python, or one of a virtual environment that is made when it is not there."""
    own = str(VENV / "bin/python")
    for python in (sys.executable, own):
        if os.path.exists(python) and has_aiohttp(python):
            return python
    run_or_miss(sys.executable, "-m", "venv", "--clear", str(VENV))
    run_or_miss(own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "aiohttp")
    return own


def harness_program():
    folder = os.environ.get(FOLDER)
    if not folder:
        raise Missing(f"set {FOLDER} to the folder `test` of a checkout of github.com/w3c/trace-context")
    program = pathlib.Path(folder).resolve() / "test.py"
    if not program.exists():
        raise Missing(f"{FOLDER}: {program} is not there")
    return program


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_official(python, program, url):
    """The exit code, how many tests passed, how many there are, and what was printed."""
    environment = {**os.environ, "SPEC_LEVEL": "2", "STRICT_LEVEL": "2", "HARNESS_HOST": "127.0.0.1",
                   "HARNESS_PORT": str(free_port()), "HARNESS_TIMEOUT": "20", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, program.name, url], cwd=program.parent, env=environment, timeout=RUN_S, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    ran = re.search(r"^Ran (\d+) tests? in", done.stdout, re.MULTILINE)
    count = int(ran[1]) if ran else 0
    outcome = done.stdout.strip().splitlines()[-1:]  # "OK", or "FAILED (failures=1, skipped=2)"
    not_passed = sum(int(number) for number in re.findall(r"=(\d+)", "".join(outcome)))
    return done.returncode, count - not_passed, count, done.stdout


class OfficialHarness(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            cls.program = harness_program()
            cls.python = python_with_aiohttp()
        except Missing as missing:
            print(f"SKIP SKIP SKIP: W3C's own harness is NOT run: {missing}", file=sys.stderr)
            raise unittest.SkipTest(str(missing)) from missing

    def test_every_service_passes(self):
        for name in SERVICES:
            with self.subTest(service=name):
                service = Service(name)
                try:
                    code, passed, ran, output = run_official(self.python, self.program, service.url)
                finally:
                    service.stop()
                print(f"W3C's own harness, {name}: {passed} of {ran}", file=sys.stderr)
                self.assertTrue(code == 0 and ran > 0 and passed == ran, output)


if __name__ == "__main__":
    unittest.main()
