// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/document.h"

namespace spandrel::config {

struct RenderOptions {
  bool is_compact = false;  // JSON on one line
  // Shows `[REDACTED]` for what a decoder has read as a secret, for values under keys that name
  // secrets (password, token, headers, ...), and for passwords in URLs.
  bool is_redacted = true;
};

// The document as text that reads back as the same document.
std::string RenderYaml(const Node& root, const RenderOptions& options = {});
std::string RenderJson(const Node& root, const RenderOptions& options = {});

}  // namespace spandrel::config
