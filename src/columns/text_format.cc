// SPDX-License-Identifier: Apache-2.0
#include "columns/text_format.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace spandrel::columns {

using base::Result;
using base::Status;

void AppendTextHeader(TextEncoding encoding, size_t rows, std::string* out) {
  SPANDREL_CHECK(rows <= kMaxTextRows);
  base::AppendFixed(static_cast<uint32_t>(encoding), out);
  base::AppendFixed(static_cast<uint32_t>(rows), out);
}

std::string EncodeTextLengths(std::span<const std::string_view> values) {
  std::vector<uint64_t> lengths(values.size());
  std::transform(values.begin(), values.end(), lengths.begin(), [](std::string_view value) {
    SPANDREL_CHECK(value.size() <= kMaxTextSize);
    return value.size();
  });
  std::string bytes;
  EncodePackedInts(lengths, &bytes);
  return bytes;
}

Status UnreadableText() {
  return {base::StatusCode::kDataLoss, "text column cannot be read"};
}

Status TakeTextNumbers(base::FixedReader* reader, uint32_t size, uint64_t count, PackedInts* out) {
  Result<PackedInts> numbers = PackedInts::Parse(reader->TakeBytes(size));
  if (!numbers.ok()) return numbers.status();
  if (numbers->size() != count) return UnreadableText();
  *out = *numbers;
  return {};
}

}  // namespace spandrel::columns
