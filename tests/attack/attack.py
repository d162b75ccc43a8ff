# SPDX-License-Identifier: Apache-2.0
"""What the attacks share: an attack states its result beside its bound, and run.py prints all of them as one table.

An attack is a test of a class derived from `Attack` in a file `*_attack.py`. It starts a real server (spandrel_process),
does what an attacker does, and states each figure that matters with `self.holds`. `attack.LONG` asks for the sizes of
`make attack`; without it an attack takes a few seconds.
"""
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "server"))

LONG = os.environ.get("ATTACK") == "long"
rows = []  # (attack, what was measured, result, bound, held)


def sized(short, long):
    """The size for this run."""
    return long if LONG else short


class Attack(unittest.TestCase):
    def holds(self, measured, result, bound, held, unit=""):
        """States one figure; the attack fails when `held` is false. `bound` says what is promised, for people."""
        shown = f"{result:.1f}" if isinstance(result, float) else str(result)
        rows.append((self.id().split(".", 1)[1], measured, f"{shown} {unit}".strip(), bound, held))
        self.assertTrue(held, f"{measured}: {shown} {unit}, bound: {bound}")

    def at_most(self, measured, result, bound, unit=""):
        self.holds(measured, result, f"<= {bound} {unit}".strip(), result <= bound, unit)

    def at_least(self, measured, result, bound, unit=""):
        self.holds(measured, result, f">= {bound} {unit}".strip(), result >= bound, unit)


def rss_mib(pid):
    """Resident memory of a process, in MiB."""
    return _status_kib(pid, "VmRSS") / 1024


def peak_rss_mib(pid):
    """The most that a process has had resident since it began, in MiB."""
    return _status_kib(pid, "VmHWM") / 1024


def anonymous_mib(pid):
    """Of the resident memory what is no page of a file, in MiB."""
    return _status_kib(pid, "RssAnon") / 1024


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def _status_kib(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise KeyError(field)
