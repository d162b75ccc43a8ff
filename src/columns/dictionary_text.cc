// SPDX-License-Identifier: Apache-2.0
#include "columns/dictionary_text.h"

#include <algorithm>

#include "base/check.h"
#include "base/fixed.h"
#include "columns/text_format.h"
#include "columns/zstd_block.h"

namespace spandrel::columns {
namespace {

using base::Result;
using base::Status;

// A dictionary is decompressed whenever a column is opened, so it costs little more to pack it
// well.
constexpr int kDictionaryLevel = 3;

// Where the texts of these lengths end when they lie one behind the other; DATA_LOSS when they do
// not fill `size` bytes, or more than one is empty, which would not be a dictionary.
Status EndsOf(const PackedInts& lengths, uint64_t size, std::vector<uint32_t>* ends) {
  if (lengths.size() > size + 1 || lengths.max() > size) return UnreadableText();
  ends->resize(lengths.size());
  lengths.Read(0, lengths.size(), ends->data());
  uint64_t end = 0;
  for (uint32_t& length : *ends) {
    end += length;
    length = static_cast<uint32_t>(end);
  }
  return end == size ? Status() : UnreadableText();
}

}  // namespace

void EncodeDictionaryText(std::span<const std::string_view> entries,
                          std::span<const uint32_t> codes, std::string* out) {
  std::string raw;
  for (const std::string_view entry : entries) raw.append(entry);
  SPANDREL_CHECK(raw.size() <= kMaxDictionaryBytes);
  const std::string lengths = EncodeTextLengths(entries);
  std::string stored;
  AppendZstdBlock(raw, kDictionaryLevel, raw.size() / 16, &stored);
  AppendTextHeader(TextEncoding::kDictionary, codes.size(), out);
  base::AppendFixed(static_cast<uint32_t>(raw.size()), out);
  base::AppendFixed(static_cast<uint32_t>(stored.size()), out);
  base::AppendFixed(static_cast<uint32_t>(lengths.size()), out);
  out->append(lengths).append(stored);
  EncodePackedInts(std::vector<uint64_t>(codes.begin(), codes.end()), out);
}

Result<DictionaryText> DictionaryText::Parse(std::string_view body, uint32_t rows,
                                             uint64_t max_bytes) {
  base::FixedReader reader(body);
  const auto raw_size = reader.Take<uint32_t>();
  const auto stored_size = reader.Take<uint32_t>();
  const auto lengths_size = reader.Take<uint32_t>();
  const Result<PackedInts> lengths = PackedInts::Parse(reader.TakeBytes(lengths_size));
  const std::string_view stored = reader.TakeBytes(stored_size);
  if (!reader.ok() || !lengths.ok() || raw_size > max_bytes) return UnreadableText();
  auto entries = std::make_shared<Entries>();
  SPANDREL_RETURN_IF_ERROR(EndsOf(*lengths, raw_size, &entries->ends));
  entries->bytes = stored;
  if (stored_size != raw_size) {
    entries->decompressed.resize(raw_size);
    if (!ReadZstdBlock(stored, entries->decompressed.data(), raw_size)) return UnreadableText();
    entries->bytes = entries->decompressed;
  }
  DictionaryText column;
  const size_t codes_at = 12 + size_t{lengths_size} + stored_size;
  const auto codes_size = static_cast<uint32_t>(body.size() - codes_at);
  SPANDREL_RETURN_IF_ERROR(TakeTextNumbers(&reader, codes_size, rows, &column.codes_));
  if (!reader.done()) return UnreadableText();
  if (rows > 0 && column.codes_.max() >= entries->ends.size()) return UnreadableText();
  column.entries_ = std::move(entries);
  return column;
}

std::optional<uint32_t> DictionaryText::Find(std::string_view value) const {
  for (uint32_t code = 0; code < entry_count(); ++code) {
    if (At(code) == value) return code;
  }
  return std::nullopt;
}

}  // namespace spandrel::columns
