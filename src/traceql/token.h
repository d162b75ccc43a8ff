// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "traceql/ast.h"

namespace spandrel::traceql {

enum class TokenKind : uint8_t {
  kEnd,
  kMark,      // an operator or parenthesis; `text` says which
  kWord,      // a keyword, function, intrinsic or constant, with its scope: `span:name`
  kField,     // an attribute; `attribute`
  kConstant,  // a text, number or duration; `constant`
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  // as it is written
  Attribute attribute;
  Static constant;
  Place place;
  size_t end = 0;  // where it ends in the text
};

}  // namespace spandrel::traceql
