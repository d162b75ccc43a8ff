#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: run.py [short|long] [PATTERN]

Attacks the server in $SPANDREL_BIN (default build/dev/bin) and prints each result beside its bound. `short` (the default) is part of
`make test`; `long` is `make attack`. PATTERN chooses attacks by a part of their name.
"""
import os
import pathlib
import sys
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent


def print_table(rows):
    header = ("attack", "measured", "result", "bound", "")
    lines = [header] + [(*row[:4], "held" if row[4] else "FELL") for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main():
    size = sys.argv[1] if len(sys.argv) > 1 else "short"
    if size not in ("short", "long"):
        sys.exit(__doc__)
    os.environ["ATTACK"] = size
    sys.path.insert(0, str(FOLDER))
    import attack  # reads ATTACK

    loader = unittest.TestLoader()
    if len(sys.argv) > 2:
        loader.testNamePatterns = [f"*{sys.argv[2]}*"]
    result = unittest.TextTestRunner(verbosity=2).run(loader.discover(str(FOLDER), pattern="*_attack.py"))
    print_table(attack.rows)
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
