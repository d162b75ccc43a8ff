// SPDX-License-Identifier: Apache-2.0
#include "traceql/token_stream.h"

#include <utility>

#include "base/nearest_word.h"
#include "base/utf8.h"

namespace spandrel::traceql {
namespace {

constexpr size_t kMostShown = 40;

std::string Shown(const Token& token) {
  if (token.kind == TokenKind::kEnd) return "the end of the query";
  const std::string_view prefix = base::Utf8Prefix(token.text, kMostShown);
  return "'" + std::string(prefix) + (prefix.size() < token.text.size() ? "...'" : "'");
}

}  // namespace

base::Status TooDeep(Place place) {
  return ErrorAt(place, "the query is nested more than " + std::to_string(kMaxDepth) + " deep");
}

base::Status TokenStream::Take() {
  auto next = lexer_.Next();
  if (!next.ok()) return next.status();
  now_ = *std::move(next);
  if (++taken_ <= kMaxTokens) return {};
  return Error("the query has more than " + std::to_string(kMaxTokens) + " words and signs");
}

base::Status TokenStream::Expect(std::string_view mark) {
  if (IsMark(mark)) return Take();
  return Unexpected("'" + std::string(mark) + "'");
}

base::Status TokenStream::Unexpected(std::string_view expected,
                                     const std::vector<std::string>& words) const {
  std::string message = "expected " + std::string(expected) + ", not " + Shown(now_);
  const std::string* const nearest =
      now_.kind == TokenKind::kWord ? base::NearestWord(now_.text, words) : nullptr;
  if (nearest != nullptr) message += "; did you mean '" + *nearest + "'?";
  return Error(message);
}

base::Status TokenStream::Enter() {
  return ++depth_ > kMaxDepth ? TooDeep(now_.place) : base::Status();
}

}  // namespace spandrel::traceql
