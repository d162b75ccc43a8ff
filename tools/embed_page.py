#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the built page into sources that carry it inside the program.

usage: embed_page.py OUTPUT_DIR [PAGE_DIR]

Writes embedded_page.cc, which defines spandrel::server::EmbeddedPage(), and embedded_page.S, which
includes the files' bytes and, where it pays, their gzip form. Without PAGE_DIR the page is empty.
"""

import gzip
import pathlib
import shutil
import sys

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

SOURCE = """// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <string_view>

#include "api/http/static_files.h"
#include "server/query/page.h"

{declarations}
namespace spandrel::server {{

std::span<const api::EmbeddedFile> EmbeddedPage() {{
{body}
}}

}}  // namespace spandrel::server
"""


def blob(symbol, path):
    """Assembly for one file's bytes between two symbols."""
    return "\n".join([
        f"  .globl {symbol}_begin, {symbol}_end",
        f"  .hidden {symbol}_begin",
        f"  .hidden {symbol}_end",
        "  .balign 16",
        f"{symbol}_begin:",
        f'  .incbin "{path}"',
        f"{symbol}_end:",
        "  .byte 0",
    ])


def view(symbol):
    return f"{{{symbol}_begin, static_cast<size_t>({symbol}_end - {symbol}_begin)}}"


def declare(symbol):
    return f'extern "C" const char {symbol}_begin[];\nextern "C" const char {symbol}_end[];\n'


def page_files(page):
    """Every file of the page with its path as a browser asks for it."""
    for path in sorted(p for p in page.rglob("*") if p.is_file()):
        yield path, "/" + path.relative_to(page).as_posix()


def embed(output, page):
    copies = output / "files"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir(parents=True)
    assembly = ["  .section .rodata"]
    declarations, rows = [], []
    for number, (path, url) in enumerate(page_files(page) if page else []):
        if path.suffix not in CONTENT_TYPES:
            sys.exit(f"embed_page.py: no content type for {url}")
        content = path.read_bytes()
        zipped = gzip.compress(content, compresslevel=9, mtime=0)
        symbols = [f"spandrel_page_{number}"]
        (copies / f"{number}").write_bytes(content)
        assembly.append(blob(symbols[0], copies / f"{number}"))
        if len(zipped) < len(content) * 0.9:
            symbols.append(f"spandrel_page_{number}_gzip")
            (copies / f"{number}.gz").write_bytes(zipped)
            assembly.append(blob(symbols[1], copies / f"{number}.gz"))
        declarations += [declare(symbol) for symbol in symbols]
        views = [view(symbol) for symbol in symbols] + ["{}"]
        rows.append(f'      {{"{url}", "{CONTENT_TYPES[path.suffix]}",\n'
                    f"       {views[0]},\n       {views[1]}}},")
    assembly.append('  .section .note.GNU-stack,"",%progbits')
    table = "\n".join(["  static const api::EmbeddedFile kFiles[] = {", *rows, "  };", "  return kFiles;"])
    body = table if rows else "  return {};"
    (output / "embedded_page.S").write_text("\n".join(assembly) + "\n")
    (output / "embedded_page.cc").write_text(
        SOURCE.format(declarations="".join(declarations), body=body))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    embed(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else None)
