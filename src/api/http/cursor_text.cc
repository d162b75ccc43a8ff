// SPDX-License-Identifier: Apache-2.0
#include "api/http/cursor_text.h"

#include <fmt/format.h>

#include <charconv>

namespace spandrel::api {
namespace {

constexpr size_t kCursorKeyDigits = 16;

char OrderLetter(storage::Order order) {
  return order == storage::Order::kNewest ? 'n' : 's';
}

}  // namespace

std::string EncodeCursor(const storage::Cursor& cursor, storage::Order order) {
  return fmt::format("{}{:016x}{}", OrderLetter(order), cursor.key, cursor.trace_id.ToHex());
}

base::Result<storage::Cursor> DecodeCursor(std::string_view text, storage::Order order) {
  const base::Status malformed(base::StatusCode::kInvalidArgument,
                               "cursor: not one of this search's");
  if (text.size() != 1 + kCursorKeyDigits + 2 * span::TraceId::kSize) return malformed;
  if (text.front() != OrderLetter(order)) return malformed;
  storage::Cursor cursor;
  const char* const key = text.data() + 1;
  const char* const key_end = key + kCursorKeyDigits;
  const auto [at, error] = std::from_chars(key, key_end, cursor.key, 16);
  const auto trace_id = span::TraceId::FromHex(text.substr(1 + kCursorKeyDigits));
  if (error != std::errc() || at != key_end || !trace_id) return malformed;
  cursor.trace_id = *trace_id;
  return cursor;
}

}  // namespace spandrel::api
