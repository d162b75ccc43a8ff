// SPDX-License-Identifier: Apache-2.0
#include "span/edit/request_editor.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "proto/field_reader.h"
#include "proto/writer.h"

namespace spandrel::span {
namespace {

namespace otlp = proto::otlp;
using Verdict = RequestEdit::Verdict;

// The key and the length of a nested message, twice: as it is opened, and what closing it may add.
constexpr size_t kFramingBytes = 32;

// The fields of a message one after another, with the bytes that each came in.
class FieldWalk {
 public:
  explicit FieldWalk(std::string_view message) : rest_(message) {}

  bool Next() {
    const char* const start = rest_.data();
    if (!proto::NextField(&rest_, &field_)) return false;
    source_ = {start, static_cast<size_t>(rest_.data() - start)};
    return true;
  }

  const proto::Field& field() const { return field_; }
  bool IsMessage(uint32_t number) const { return field_.number == number && field_.is_bytes(); }
  std::string_view source() const { return source_; }

 private:
  std::string_view rest_;
  proto::Field field_;
  std::string_view source_;
};

std::optional<std::string_view> FindMessage(std::string_view message, uint32_t number) {
  for (FieldWalk walk(message); walk.Next();) {
    if (walk.IsMessage(number)) return walk.field().bytes;
  }
  return std::nullopt;
}

class Rewriter {
 public:
  Rewriter(std::string_view request, const RecordShape& shape, const RequestEdit& edit,
           base::ByteBudget& memory, const EditLimits& limits)
      : request_(request),
        shape_(shape),
        edit_(edit),
        levels_(edit.levels()),
        memory_(memory),
        limits_(limits),
        writer_(&edited_.bytes),
        attributes_(limits.message),
        part_attributes_(limits.message) {}

  base::Result<EditedRequest> Run() {
    const size_t capacity = request_.size() + request_.size() / 8 + kFramingBytes;
    if (!memory_.TryReserve(capacity, &edited_.reserved)) return NoMemory();
    edited_.bytes.reserve(capacity);
    for (FieldWalk walk(request_); walk.Next();) {
      if (walk.IsMessage(otlp::kRequestResourceSpans)) {
        edited_.changed |= WriteResourceGroup(walk.source(), walk.field().bytes);
      } else {
        Splice(walk.source());
      }
      if (over_budget_) return NoMemory();
    }
    if (!edited_.changed) edited_.bytes = std::string();
    Settle();
    return std::move(edited_);
  }

 private:
  // Records that a group had and those that stayed.
  struct Tally {
    size_t seen = 0;
    size_t kept = 0;
    void Add(const Tally& other) {
      seen += other.seen;
      kept += other.kept;
    }
    bool emptied() const { return seen > 0 && kept == 0; }
  };

  // Each of the Write functions appends one field and says whether it is another than it was; what
  // is not changed is appended as `source`.

  bool WriteResourceGroup(std::string_view source, std::string_view group) {
    const auto resource = FindMessage(group, otlp::kResourceSpansResource);
    const RecordPlace place = {resource.value_or(std::string_view()), {}, {}};
    const size_t start = Open(otlp::kRequestResourceSpans);
    const size_t opened = edited_.bytes.size();
    bool changed = !resource && levels_.resources && WriteResource({}, {});
    Tally tally;
    for (FieldWalk walk(group); walk.Next() && !over_budget_;) {
      if (levels_.resources && walk.IsMessage(otlp::kResourceSpansResource)) {
        changed |= WriteResource(walk.source(), walk.field().bytes);
      } else if ((levels_.scopes || levels_.records) &&
                 walk.IsMessage(otlp::kResourceSpansScopeSpans)) {
        changed |= WriteScopeGroup(walk.source(), walk.field().bytes, place, &tally);
      } else {
        Splice(walk.source());
      }
    }
    return Close(start, opened, source, changed, tally.emptied());
  }

  bool WriteScopeGroup(std::string_view source, std::string_view group, RecordPlace place,
                       Tally* of_resource) {
    const auto scope = FindMessage(group, otlp::kScopeSpansScope);
    place.scope = scope.value_or(std::string_view());
    const size_t start = Open(otlp::kResourceSpansScopeSpans);
    const size_t opened = edited_.bytes.size();
    bool changed = !scope && levels_.scopes && WriteScope({}, {}, place);
    Tally tally;
    for (FieldWalk walk(group); walk.Next() && !over_budget_;) {
      if (levels_.scopes && walk.IsMessage(otlp::kScopeSpansScope)) {
        changed |= WriteScope(walk.source(), walk.field().bytes, place);
      } else if (levels_.records && walk.IsMessage(otlp::kScopeSpansSpans)) {
        place.record = walk.field().bytes;
        changed |= WriteRecord(walk.source(), place, &tally);
      } else {
        Splice(walk.source());
      }
    }
    of_resource->Add(tally);
    return Close(start, opened, source, changed, tally.emptied());
  }

  bool WriteResource(std::string_view source, std::string_view message) {
    attributes_.Load(message, otlp::kResourceAttributes);
    edit_.EditResource(attributes_);
    return WriteGroupMessage(source, message, otlp::kResourceSpansResource);
  }

  bool WriteScope(std::string_view source, std::string_view message, const RecordPlace& place) {
    attributes_.Load(message, otlp::kScopeAttributes);
    edit_.EditScope(place.resource, attributes_);
    return WriteGroupMessage(source, message, otlp::kScopeSpansScope);
  }

  bool WriteGroupMessage(std::string_view source, std::string_view message, uint32_t number) {
    const bool stays_away = source.empty() && attributes_.size() == 0;
    if (!attributes_.changed() || stays_away) return Leave(source);
    const size_t start = edited_.bytes.size();
    WriteMessage(number, message, attributes_, {}, nullptr);
    if (IsAllowed(start, source.size(), attributes_)) return true;
    ++edited_.counts.refused_groups;
    return Restore(start, source);
  }

  bool WriteRecord(std::string_view source, const RecordPlace& place, Tally* tally) {
    const uint32_t ordinal = next_ordinal_++;
    ++tally->seen;
    attributes_.Load(shape_.attributes == 0 ? std::string_view() : place.record, shape_.attributes);
    const Verdict verdict = edit_.EditRecord(place, attributes_);
    if (verdict == Verdict::kDrop) {
      edited_.dropped.push_back(ordinal);
      ++edited_.counts.dropped_records;
      return true;
    }
    ++tally->kept;
    const bool with_parts = levels_.parts && verdict == Verdict::kKeep && !shape_.parts.empty();
    if (!with_parts && !attributes_.changed()) return Leave(source);
    const size_t start = edited_.bytes.size();
    part_over_limit_ = false;
    const std::span<const PartShape> parts =
        with_parts ? shape_.parts : std::span<const PartShape>();
    const bool parts_changed =
        WriteMessage(otlp::kScopeSpansSpans, place.record, attributes_, parts, &place);
    if (!attributes_.changed() && !parts_changed && !part_over_limit_)
      return Restore(start, source);
    if (part_over_limit_ || !IsAllowed(start, source.size(), attributes_)) {
      ++edited_.counts.refused_records;
      return Restore(start, source);
    }
    ++edited_.counts.changed_records;
    return true;
  }

  // A message with what has become of its attributes and of its parts. True when a part changed.
  bool WriteMessage(uint32_t number, std::string_view message, const AttributeList& attributes,
                    std::span<const PartShape> parts, const RecordPlace* place) {
    MakeRoom(message.size() + attributes.added_bytes());
    bool parts_changed = false;
    const size_t opened = writer_.Open(number);
    size_t loaded = 0;
    bool added = false;
    for (FieldWalk walk(message); walk.Next() && !over_budget_;) {
      const uint32_t field = walk.field().number;
      if (attributes.field() != 0 && walk.IsMessage(attributes.field())) {
        attributes.WriteLoaded(loaded++, &writer_);
        if (loaded == attributes.loaded()) added = WriteAdded(attributes);
        continue;
      }
      // Encoders write fields in the order of their numbers.
      if (!added && attributes.loaded() == 0 && field > attributes.field()) {
        added = WriteAdded(attributes);
      }
      const PartShape* part = walk.field().is_bytes() ? FindPart(parts, field) : nullptr;
      if (part == nullptr) {
        Splice(walk.source());
      } else {
        parts_changed |= WritePartField(walk, *part, *place);
      }
    }
    if (!added) WriteAdded(attributes);
    writer_.Close(opened);
    return parts_changed;
  }

  bool WriteAdded(const AttributeList& attributes) {
    attributes.WriteAdded(&writer_);
    return true;
  }

  static const PartShape* FindPart(std::span<const PartShape> parts, uint32_t field) {
    const auto found = std::find_if(parts.begin(), parts.end(),
                                    [field](const PartShape& part) { return part.field == field; });
    return found == parts.end() ? nullptr : &*found;
  }

  bool WritePartField(const FieldWalk& walk, const PartShape& part, const RecordPlace& place) {
    if (part.inner == 0)
      return WritePart(part.field, walk.source(), walk.field().bytes, part, place);
    bool changed = false;
    const size_t start = Open(part.field);
    const size_t opened = edited_.bytes.size();
    for (FieldWalk inner(walk.field().bytes); inner.Next() && !over_budget_;) {
      if (inner.IsMessage(part.inner)) {
        changed |= WritePart(part.inner, inner.source(), inner.field().bytes, part, place);
      } else {
        Splice(inner.source());
      }
    }
    return Close(start, opened, walk.source(), changed, false);
  }

  bool WritePart(uint32_t number, std::string_view source, std::string_view message,
                 const PartShape& part, const RecordPlace& place) {
    part_attributes_.Load(message, part.attributes);
    if (edit_.EditPart(place, part, message, part_attributes_) == Verdict::kDrop) return true;
    if (!part_attributes_.changed()) return Leave(source);
    const size_t start = edited_.bytes.size();
    WriteMessage(number, message, part_attributes_, {}, nullptr);
    const size_t written = edited_.bytes.size() - start;
    part_over_limit_ |= part_attributes_.over_limit() ||
                        (written > source.size() && written > limits_.message.max_bytes);
    return true;
  }

  // Starts a nested message; the result is where its key stands.
  size_t Open(uint32_t number) {
    MakeRoom(0);
    const size_t start = edited_.bytes.size();
    (void)writer_.Open(number);
    return start;
  }

  // Ends it: with what was written, as it was, or not at all.
  bool Close(size_t start, size_t opened, std::string_view source, bool changed, bool emptied) {
    if (!changed) return Restore(start, source);
    if (emptied) {
      edited_.bytes.resize(start);
      return true;
    }
    writer_.Close(opened);
    return true;
  }

  bool Leave(std::string_view source) {
    Splice(source);
    return false;
  }
  bool Restore(size_t start, std::string_view source) {
    edited_.bytes.resize(start);
    return Leave(source);
  }
  void Splice(std::string_view source) {
    MakeRoom(source.size());
    if (!over_budget_) edited_.bytes.append(source);
  }

  // Whether the field written from `start` on may replace one of `size` bytes.
  bool IsAllowed(size_t start, size_t size, const AttributeList& attributes) {
    if (over_budget_ || attributes.over_limit()) return false;
    const size_t written = edited_.bytes.size() - start;
    if (written <= size) return true;
    if (written > limits_.message.max_bytes) return false;
    // Framing may grow with what it holds, so a little is kept back.
    const size_t grown = growth_ + written - size + kFramingBytes;
    if (request_.size() + grown > limits_.max_request_bytes) return false;
    growth_ = grown;
    return true;
  }

  // Reserves before the string grows, so that it never has bytes that nobody counted.
  void MakeRoom(size_t bytes) {
    const size_t wanted = edited_.bytes.size() + bytes + kFramingBytes;
    const size_t capacity = edited_.bytes.capacity();
    if (wanted <= capacity || over_budget_) return;
    const size_t grown = std::max(wanted, 2 * capacity);  // as the string would
    over_budget_ = !edited_.reserved.TryGrow(grown - capacity);
    if (!over_budget_) edited_.bytes.reserve(grown);
  }

  void Settle() {
    const size_t needed = edited_.changed ? edited_.bytes.capacity() : 0;
    if (edited_.reserved.bytes() > needed) {
      edited_.reserved.Shrink(edited_.reserved.bytes() - needed);
    }
  }

  static base::Status NoMemory() {
    return base::Status::Unavailable("no memory left to edit the request", std::chrono::seconds(1));
  }

  const std::string_view request_;
  const RecordShape shape_;
  const RequestEdit& edit_;
  const RequestEdit::Levels levels_;
  base::ByteBudget& memory_;
  const EditLimits limits_;
  EditedRequest edited_;
  proto::Writer writer_;
  AttributeList attributes_;
  AttributeList part_attributes_;
  uint32_t next_ordinal_ = 0;
  size_t growth_ = 0;
  bool part_over_limit_ = false;
  bool over_budget_ = false;
};

}  // namespace

void EditCounts::Add(const EditCounts& other) {
  changed_records += other.changed_records;
  dropped_records += other.dropped_records;
  refused_records += other.refused_records;
  refused_groups += other.refused_groups;
}

base::Result<EditedRequest> EditRequest(std::string_view request, const RecordShape& shape,
                                        const RequestEdit& edit, base::ByteBudget& memory,
                                        const EditLimits& limits) {
  return Rewriter(request, shape, edit, memory, limits).Run();
}

}  // namespace spandrel::span
