// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/decode.h"
#include "config/document.h"
#include "config/environment.h"

namespace spandrel::config {

// One `--config`: a file (`file:PATH`, or PATH alone), `env:NAME`, or `yaml:TEXT` in which `::`
// separates keys (`yaml:exporters::debug::verbosity: detailed`).
struct Source {
  std::string uri;
  // YAML in memory; `uri` is then only its name in messages.
  std::optional<std::string> text;
};

inline constexpr size_t kMaxSources = 100;

// Reads all sources, merges them in order, then the `--set` items `a.b.c=value`, then expands.
// Mappings merge deep; lists are replaced; a null overwrites what was there. Everything wrong goes
// to `problems`; an error status when something is too wrong to go on.
base::Result<Document> Load(const std::vector<Source>& sources,
                            const std::vector<std::string>& sets, const Environment& environment,
                            Problems* problems);

// Puts `over` over `base`.
void Merge(Node* base, Node&& over, Problems* problems);

}  // namespace spandrel::config
