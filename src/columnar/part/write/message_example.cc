// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/write/message_example.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/prefetch.h"
#include "columnar/part/format/message_cursor.h"

namespace spandrel::columnar {

using namespace message_bytes;  // NOLINT(google-build-using-namespace)

namespace {

static_assert(std::endian::native == std::endian::little);

// Sizes below this take one byte.
constexpr uint8_t kLongSize = 0x80;
// Of as many messages it is counted which fields are not the same.
constexpr uint8_t kTrial = 32;

uint64_t Load(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// How many bytes at `a` and `b` are the same, of `size`.
size_t SameBytes(const char* a, const char* b, size_t size) {
  size_t at = 0;
  for (; at + 2 * sizeof(uint64_t) <= size; at += 2 * sizeof(uint64_t)) {
    const uint64_t first = Load(a + at) ^ Load(b + at);
    const uint64_t second = Load(a + at + sizeof(uint64_t)) ^ Load(b + at + sizeof(uint64_t));
    if ((first | second) != 0) break;
  }
  for (; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
    const uint64_t different = Load(a + at) ^ Load(b + at);
    if (different != 0) return at + static_cast<size_t>(std::countr_zero(different)) / 8;
  }
  while (at < size && a[at] == b[at]) ++at;
  return at;
}

// Ids and times: of one size, and different in every span.
bool IsOfRow(FieldKind kind) {
  return kind <= FieldKind::kEnd;
}

// Of an attribute with a size of one byte: the key, its size and what stands before and behind.
uint8_t ValueAt(const MessageField& field, size_t size) {
  const size_t head = 2 + 2 + field.key.size() + 1;
  const bool is_short = field.kind == FieldKind::kAttribute && size < kLongSize;
  return static_cast<uint8_t>(is_short ? head : 0);
}

}  // namespace

MessageExample::MessageExample(std::string_view message, const std::vector<MessageField>& fields)
    : message_(message) {
  size_t begin = 0;
  for (const MessageField& field : fields) {
    fields_.push_back({field.kind, field.type, static_cast<uint8_t>(message[begin]),
                       ValueAt(field, field.end - begin), static_cast<uint16_t>(field.end)});
    cell_count_ += field.type == CellType::kNone ? 0 : 1;
    begin = field.end;
  }
}

// One message beside the example.
class ExampleMatch {
 public:
  ExampleMatch(MessageExample& example, std::string_view message, MatchedCell* cell)
      : example_(example),
        at_(message.data()),
        end_(message.data() + message.size()),
        cell_(cell) {}

  bool Run() {
    auto& fields = example_.fields_;
    for (size_t i = 0; i < fields.size();) {
      const size_t next = MayBeSame(fields[i]) ? SkipSame(i) : i;
      if (next == i && !Take(fields[i])) return false;
      if (next == i && example_.matches_ < kTrial) Count(&fields[i].different);
      i = std::max(i + 1, next);
      begin_ = fields[i - 1].end;
    }
    if (example_.matches_ < kTrial) ++example_.matches_;
    return at_ == end_;
  }

 private:
  using Field = MessageExample::Field;

  // Not worth a look when it was different in most messages.
  bool MayBeSame(const Field& field) const {
    return !IsOfRow(field.kind) && field.different <= kTrial / 2;
  }

  static void Count(uint8_t* different) {
    if (*different <= kTrial) ++*different;
  }

  // Passes over the fields from `first` on that are the same in both; the first that is not.
  size_t SkipSame(size_t first) {
    const auto& fields = example_.fields_;
    const char* const example = example_.message_.data() + begin_;
    const size_t example_left = example_.message_.size() - begin_;
    const size_t same = SameBytes(example, at_, std::min(example_left, left()));
    const size_t same_end = begin_ + same;
    size_t next = first;
    for (; next < fields.size() && fields[next].end <= same_end; ++next) {
      // A run may go on behind the bytes that are the same.
      const bool ends_here = fields[next].end == same_end && same < left();
      if (fields[next].kind == FieldKind::kRun && ends_here) break;
      if (fields[next].type != CellType::kNone) *cell_++ = {true, {}, 0};
    }
    if (next > first) at_ += fields[next - 1].end - begin_;
    return next;
  }

  // A field that is not the same.
  bool Take(const Field& field) {
    if (left() == 0 || static_cast<uint8_t>(*at_) != field.key) return false;
    if (IsOfRow(field.kind)) return TakeOfRow(field);
    if (field.value_at != 0 && left() > 1 && static_cast<uint8_t>(at_[1]) < kLongSize) {
      return TakeShortAttribute(field);
    }
    return TakeOther(field);
  }

  bool TakeOfRow(const Field& field) {
    const size_t size = field.end - begin_;
    const bool is_id = field.kind <= FieldKind::kParentId;
    if (left() < size || (is_id && at_[1] != example_.message_[begin_ + 1])) return false;
    at_ += size;
    return true;
  }

  bool TakeShortAttribute(const Field& field) {
    const size_t size = 2 + static_cast<size_t>(at_[1]);
    const size_t head = field.value_at;
    if (size > left() || size <= head) return false;
    const char* const example = example_.message_.data() + begin_;
    const auto value_size = static_cast<uint8_t>(at_[head]);
    if (std::memcmp(example + 2, at_ + 2, head - 2) != 0 || value_size != size - head - 1) {
      return false;
    }
    MessageField taken;
    TakeValue({at_ + head + 1, value_size}, &taken);
    at_ += size;
    return Add(taken, field);
  }

  bool TakeOther(const Field& field) {
    Cursor cursor({at_ + 1, left() - 1});
    MessageField taken;
    taken.type = field.type;
    if (!TakeWith(&cursor, field, &taken)) return false;
    at_ = cursor.at();
    return Add(taken, field);
  }
  bool TakeWith(Cursor* cursor, const Field& field, MessageField* taken) const {
    switch (field.kind) {
      case FieldKind::kAttribute:
        return TakeAttribute(cursor, taken) && taken->key == KeyOfExample();
      case FieldKind::kRun:
        return TakeRun(field.key, cursor, &taken->text);
      case FieldKind::kText:
        return cursor->TakeBytes(&taken->text);
      case FieldKind::kVarint:
        return cursor->TakeVarint(&taken->scalar);
      case FieldKind::kFixed32:
        return cursor->TakeByte(kFlagsKey1) && cursor->TakeFixed(&taken->scalar, sizeof(uint32_t));
      default:  // another name or kind
        return false;
    }
  }
  // Of the attribute at begin_.
  std::string_view KeyOfExample() const {
    Cursor cursor(std::string_view(example_.message_).substr(begin_ + 1));
    MessageField field;
    TakeAttribute(&cursor, &field);
    return field.key;
  }

  bool Add(const MessageField& taken, const Field& field) {
    if (taken.type != field.type) return false;
    *cell_++ = {false, taken.text, taken.scalar};
    return true;
  }

  size_t left() const { return static_cast<size_t>(end_ - at_); }

  MessageExample& example_;
  size_t begin_ = 0;  // of the field, in the example
  const char* at_;    // in the message
  const char* const end_;
  MatchedCell* cell_;
};

void MessageExample::Prefetch() const {
  base::Prefetch(fields_.data(), fields_.size() * sizeof(Field));
  base::Prefetch(message_.data(), message_.size());
}

bool MessageExample::Match(std::string_view message, std::vector<MatchedCell>* cells) {
  cells->resize(cell_count_);
  return ExampleMatch(*this, message, cells->data()).Run();
}

}  // namespace spandrel::columnar
