// SPDX-License-Identifier: Apache-2.0
#include "span/edit/attribute_list.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/utf8.h"
#include "proto/field_reader.h"

namespace spandrel::span {
namespace {

// The keys and lengths around a key and a value are not longer than this.
constexpr size_t kFramingBytes = 32;

}  // namespace

void AttributeList::Load(std::string_view message, uint32_t field) {
  entries_.clear();
  arena_.Clear();
  field_ = field;
  added_bytes_ = 0;
  changed_ = false;
  over_limit_ = false;
  std::string_view rest = message;
  const char* start = rest.data();
  for (proto::Field outer; proto::NextField(&rest, &outer); start = rest.data()) {
    if (outer.number != field || !outer.is_bytes()) continue;
    Entry& entry = entries_.emplace_back();
    entry.source = {start, static_cast<size_t>(rest.data() - start)};
    entry.has_value = false;
    std::string_view key_value = outer.bytes;
    for (proto::Field inner; proto::NextField(&key_value, &inner);) {
      if (!inner.is_bytes()) continue;
      if (inner.number == otlp::kKeyValueKey) entry.key = inner.bytes;
      if (inner.number != otlp::kKeyValueValue) continue;
      entry.value = inner.bytes;
      entry.has_value = true;
    }
  }
  loaded_ = entries_.size();
  live_ = loaded_;
}

const AttributeList::Entry* AttributeList::FindEntry(std::string_view key) const {
  const auto found = std::find_if(entries_.rbegin(), entries_.rend(), [key](const Entry& entry) {
    return !entry.erased && entry.key == key;
  });
  return found == entries_.rend() ? nullptr : &*found;
}

AttributeList::Entry* AttributeList::FindEntry(std::string_view key) {
  return const_cast<Entry*>(std::as_const(*this).FindEntry(key));
}

std::optional<ValueView> AttributeList::Find(std::string_view key) const {
  const Entry* entry = FindEntry(key);
  if (entry == nullptr) return std::nullopt;
  return ValueView::FromMessage(entry->value);
}

std::optional<std::string_view> AttributeList::FindMessage(std::string_view key) const {
  const Entry* entry = FindEntry(key);
  if (entry == nullptr) return std::nullopt;
  return entry->value;
}

std::string_view AttributeList::Keep(std::string_view bytes) {
  if (bytes.size() > limits_.max_bytes || arena_.used() > limits_.max_bytes) {
    SetOverLimit();
    return {};
  }
  return arena_.Keep(bytes);
}

void AttributeList::SetOverLimit() {
  over_limit_ = true;
  changed_ = true;
}

std::string_view AttributeList::TextMessage(std::string_view text) {
  scratch_.clear();
  proto::Writer(&scratch_).Bytes(otlp::kAnyValueString, text);
  return Keep(scratch_);
}

void AttributeList::SetText(std::string_view key, std::string_view text) {
  PutMessage(key, TextMessage(text));
}

void AttributeList::SetBool(std::string_view key, bool value) {
  scratch_.clear();
  proto::Writer(&scratch_).Varint(otlp::kAnyValueBool, value ? 1 : 0);
  PutMessage(key, Keep(scratch_));
}

void AttributeList::SetInt(std::string_view key, int64_t value) {
  scratch_.clear();
  proto::Writer(&scratch_).Varint(otlp::kAnyValueInt, static_cast<uint64_t>(value));
  PutMessage(key, Keep(scratch_));
}

void AttributeList::SetDouble(std::string_view key, double value) {
  scratch_.clear();
  proto::Writer(&scratch_).Fixed64(otlp::kAnyValueDouble, std::bit_cast<uint64_t>(value));
  PutMessage(key, Keep(scratch_));
}

void AttributeList::SetMessage(std::string_view key, std::string_view any_value) {
  PutMessage(key, Keep(any_value));
}

void AttributeList::PutMessage(std::string_view key, std::string_view kept_value) {
  Entry* entry = FindEntry(key);
  if (entry != nullptr) {
    Put(*entry, kept_value);
    return DropOthers(*entry);
  }
  if (live_ >= limits_.max_attributes && live_ >= loaded_) SetOverLimit();
  if (over_limit_) return;
  entries_.push_back({key, kept_value, {}});
  ++live_;
  added_bytes_ += key.size() + kept_value.size() + kFramingBytes;
  changed_ = true;
}

void AttributeList::Put(Entry& entry, std::string_view kept_value) {
  if (over_limit_ || (entry.has_value && entry.value == kept_value)) return;
  entry.value = kept_value;
  entry.has_value = true;
  entry.source = {};
  added_bytes_ += entry.key.size() + kept_value.size() + kFramingBytes;
  changed_ = true;
}

void AttributeList::Drop(Entry& entry) {
  entry.erased = true;
  --live_;
  changed_ = true;
}

void AttributeList::DropOthers(const Entry& kept) {
  for (Entry& entry : entries_) {
    if (&entry != &kept && !entry.erased && entry.key == kept.key) Drop(entry);
  }
}

bool AttributeList::Erase(std::string_view key) {
  const size_t before = live_;
  EraseIf([key](std::string_view present) { return present == key; });
  return live_ < before;
}

bool AttributeList::Rename(std::string_view from, std::string_view to) {
  Entry* entry = FindEntry(from);
  if (entry == nullptr) return false;
  if (from == to) return true;
  DropOthers(*entry);
  entry->key = to;
  entry->source = {};
  added_bytes_ += to.size() + entry->value.size() + kFramingBytes;
  changed_ = true;
  DropOthers(*entry);
  return true;
}

void AttributeList::TruncateTexts(size_t max_bytes) {
  Replace([max_bytes](std::string_view, const ValueView& value) -> std::optional<std::string> {
    if (value.type() != ValueType::kString || value.bytes().size() <= max_bytes) return {};
    return std::string(base::Utf8Prefix(value.bytes(), max_bytes));
  });
}

void AttributeList::WriteLoaded(size_t index, proto::Writer* writer) const {
  const Entry& entry = entries_[index];
  if (entry.erased) return;
  if (entry.source.empty()) return Write(entry, writer);
  writer->Raw(entry.source);
}

void AttributeList::WriteAdded(proto::Writer* writer) const {
  for (size_t i = loaded_; i < entries_.size(); ++i) {
    if (!entries_[i].erased) Write(entries_[i], writer);
  }
}

void AttributeList::Write(const Entry& entry, proto::Writer* writer) const {
  const size_t value_size = entry.has_value ? proto::LengthFieldSize(entry.value.size()) : 0;
  writer->BytesHeader(field_, proto::LengthFieldSize(entry.key.size()) + value_size);
  writer->Bytes(otlp::kKeyValueKey, entry.key);
  if (entry.has_value) writer->Bytes(otlp::kKeyValueValue, entry.value);
}

}  // namespace spandrel::span
