// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "traceql/lexer.h"

namespace spandrel::traceql {

// Words and signs of a query, so that what it asks of each span has a bound.
inline constexpr size_t kMaxTokens = 20'000;

// The tokens of a query with one of them in view, and the errors that parsers make of them.
class TokenStream {
 public:
  explicit TokenStream(std::string_view text) : lexer_(text) {}

  // The first token is in view after the first Take. There are at most kMaxTokens.
  const Token& now() const { return now_; }
  base::Status Take();

  bool IsMark(std::string_view mark) const {
    return now_.kind == TokenKind::kMark && now_.text == mark;
  }
  bool IsWord(std::string_view word) const {
    return now_.kind == TokenKind::kWord && now_.text == word;
  }
  // Takes the mark, or fails and says that it was expected.
  base::Status Expect(std::string_view mark);
  // "1:7: expected a value, not '}'", and which of `words` was perhaps meant.
  base::Status Unexpected(std::string_view expected,
                          const std::vector<std::string>& words = {}) const;
  // "1:7: " and the message.
  base::Status Error(std::string_view message) const { return ErrorAt(now_.place, message); }

  // How many parentheses are open; at most kMaxDepth.
  base::Status Enter();
  void Leave() { --depth_; }

 private:
  Lexer lexer_;
  Token now_;
  int depth_ = 0;
  size_t taken_ = 0;
};

// Expressions that grow beyond kMaxDepth.
base::Status TooDeep(Place place);

}  // namespace spandrel::traceql
