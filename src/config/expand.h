// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/decode.h"
#include "config/document.h"
#include "config/environment.h"

namespace spandrel::config {

// How many replacements one value may need, and all of them together; and how much text may be read
// for them, since each replacement reads its value again.
inline constexpr int kMaxExpansionsOfValue = 1000;
inline constexpr int kMaxExpansions = 10000;
inline constexpr size_t kMaxExpansionBytes = 16 << 20;

// Replaces `${env:NAME}`, `${env:NAME:-default}`, `${NAME}`, `${file:PATH}` and `${yaml:TEXT}` in
// all values (not keys), innermost first, and what they give in turn; then `$$` by `$`. `$NAME`
// stays as it is, and so does `$${...}` but for its first `$`.
//
// A value that is exactly one `${...}` becomes what the text is as YAML, a whole subtree if it says
// so, and keeps the text for fields that want a string. Within a longer value the text is inserted.
// A variable that is not set and has no default gives null and a warning.
void Expand(Document* document, const Environment& environment, Problems* problems);

}  // namespace spandrel::config
