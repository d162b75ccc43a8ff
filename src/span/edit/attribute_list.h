// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/writer.h"
#include "span/edit/byte_arena.h"
#include "span/value.h"

namespace spandrel::span {

// What one message may grow to by an edit. A message that was beyond a limit before may stay so.
struct MessageLimits {
  size_t max_bytes = 16 << 20;
  size_t max_attributes = 1 << 16;
};

// The attributes of one message while they are edited: read from the message, changed, and written
// with it again. What is not changed is written with the bytes that it had, unknown fields
// included. Where a key occurs more than once its last value counts, and whatever sets, renames or
// removes the key leaves no other of its values behind. Not thread-safe; used again and again, so
// that it allocates little.
class AttributeList {
 public:
  explicit AttributeList(MessageLimits limits = {}) : limits_(limits) {}

  // The attributes in field `field` of `message`, a checked OTLP message that outlives the use of
  // the list. Forgets what was there before.
  void Load(std::string_view message, uint32_t field);

  size_t size() const { return live_; }
  std::optional<ValueView> Find(std::string_view key) const;
  // The AnyValue message of `key`; empty for a key without a value.
  std::optional<std::string_view> FindMessage(std::string_view key) const;

  // Overwrite the value of `key` where it stands, or add it at the end. Keys outlive the use of the
  // list, values need not.
  void SetText(std::string_view key, std::string_view text);
  void SetBool(std::string_view key, bool value);
  void SetInt(std::string_view key, int64_t value);
  void SetDouble(std::string_view key, double value);
  void SetMessage(std::string_view key, std::string_view any_value);

  // False when there is no such key.
  bool Erase(std::string_view key);
  // `to` takes over the value and the place of `from`. False, and `to` stays, without a `from`.
  bool Rename(std::string_view from, std::string_view to);
  // Removes the attributes whose key `is_unwanted`: keeping only some is the same with a "not".
  template <typename Predicate>
  void EraseIf(Predicate&& is_unwanted) {
    for (Entry& entry : entries_) {
      if (!entry.erased && is_unwanted(entry.key)) Drop(entry);
    }
  }
  // Replaces values by texts: `change(key, value)` answers a std::optional<std::string>, nothing to
  // leave the value alone.
  template <typename Change>
  void Replace(Change&& change) {
    for (Entry& entry : entries_) {
      if (entry.erased) continue;
      const std::optional<std::string> text =
          change(entry.key, ValueView::FromMessage(entry.value));
      if (text) Put(entry, TextMessage(*text));
    }
  }
  // Cuts texts that are longer, between characters.
  void TruncateTexts(size_t max_bytes);

  // Whether the message has to be written again, or would have to but for the limits.
  bool changed() const { return changed_; }
  // Whether there were more attributes or larger values than there may be; then some are missing,
  // and the message has to stay as it was.
  bool over_limit() const { return over_limit_; }
  // Bytes at most by which the message grows.
  size_t added_bytes() const { return added_bytes_; }

  // The attributes that Load found, in their order, and those that were added since, as fields of
  // the message.
  size_t loaded() const { return loaded_; }
  void WriteLoaded(size_t index, proto::Writer* writer) const;
  void WriteAdded(proto::Writer* writer) const;
  uint32_t field() const { return field_; }

 private:
  struct Entry {
    std::string_view key;
    std::string_view value;   // the AnyValue message
    std::string_view source;  // the field as it came; empty once it is changed
    bool has_value = true;
    bool erased = false;
  };

  const Entry* FindEntry(std::string_view key) const;
  Entry* FindEntry(std::string_view key);
  std::string_view TextMessage(std::string_view text);
  std::string_view Keep(std::string_view bytes);
  void SetOverLimit();
  void Put(Entry& entry, std::string_view kept_value);
  void PutMessage(std::string_view key, std::string_view kept_value);
  void Drop(Entry& entry);
  void DropOthers(const Entry& kept);
  void Write(const Entry& entry, proto::Writer* writer) const;

  const MessageLimits limits_;
  std::vector<Entry> entries_;
  ByteArena arena_;
  std::string scratch_;
  uint32_t field_ = 0;
  size_t loaded_ = 0;
  size_t added_bytes_ = 0;
  size_t live_ = 0;
  bool changed_ = false;
  bool over_limit_ = false;
};

}  // namespace spandrel::span
