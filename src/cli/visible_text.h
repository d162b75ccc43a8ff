// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// What senders wrote, for a terminal.
namespace spandrel::cli {

// `text` so that it stays in its place and does nothing: control characters (C0, C1, DEL), marks
// that turn the direction of writing around or cannot be seen, line separators and bytes that are
// not UTF-8 are shown as escapes, "\n", "\x1b", "\u{202e}".
std::string VisibleText(std::string_view text);

// JSON text in which the same characters are escaped as JSON escapes them, so that it means what it
// meant. `json` is UTF-8 and has escaped its control characters of ASCII, but line breaks between
// values.
std::string VisibleJson(std::string_view json);

// The columns that a visible text takes: two of East Asian wide characters, none of combining ones.
size_t DisplayWidth(std::string_view visible);

// At most `width` columns of a visible text, the last of them "…" (`ellipsis`) when it was cut.
std::string FitTo(std::string_view visible, size_t width, std::string_view ellipsis = "…");

}  // namespace spandrel::cli
