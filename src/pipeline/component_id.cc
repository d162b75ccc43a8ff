// SPDX-License-Identifier: Apache-2.0
#include "pipeline/component_id.h"

#include <algorithm>

#include "base/ascii.h"
#include "config/words.h"

namespace spandrel::pipeline {
namespace {

constexpr size_t kMaxTypeSize = 63;
constexpr size_t kMaxNameSize = 1024;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsTypeCharacter(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') || c == '_';
}

// Unicode's separators, controls and symbols, as far as ASCII has them.
bool IsNameCharacter(char c) {
  const bool is_control = static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
  return !is_control && std::string_view("$+<=>^`|~").find(c) == std::string_view::npos;
}

base::Status Malformed(std::string_view text, std::string_view reason) {
  return {base::StatusCode::kInvalidArgument,
          config::Quote(text) + " is not an id of the form type[/name]: " + std::string(reason)};
}

}  // namespace

base::Result<ComponentId> ParseComponentId(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view type = base::Trim(text.substr(0, slash));
  if (type.empty()) return Malformed(text, "the type is empty");
  if (!IsLetter(type[0]) || !std::all_of(type.begin(), type.end(), IsTypeCharacter)) {
    return Malformed(text, "a type is made of letters, digits and '_' and starts with a letter");
  }
  if (type.size() > kMaxTypeSize) return Malformed(text, "the type is longer than 63 characters");
  if (slash == std::string_view::npos) return ComponentId{std::string(type), ""};

  const std::string_view name = base::Trim(text.substr(slash + 1));
  if (name.empty()) return Malformed(text, "the name after '/' is empty");
  if (name.size() > kMaxNameSize) return Malformed(text, "the name is longer than 1024 characters");
  if (!std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return Malformed(text, "a name has no spaces, control characters or symbols");
  }
  return ComponentId{std::string(type), std::string(name)};
}

}  // namespace spandrel::pipeline
