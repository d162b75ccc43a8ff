// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "proto/field_reader.h"
#include "span/span_view.h"
#include "wire/otlp/value_check.h"

// Inside the OTLP decoders only.
namespace spandrel::wire {

inline constexpr uint64_t kMaxRequestBytes = std::numeric_limits<uint32_t>::max();

// How the messages of one signal are called in errors.
struct RequestNames {
  std::string_view resource_records;  // "resource_spans"
  std::string_view resource_twice;    // "resource_spans.resource"
  std::string_view scope_records;     // "scope_spans"
  std::string_view scope_twice;       // "scope_spans.scope"
};

// Walks a request of any signal from the outside in down to its records, checking each message and
// noting where things lie: the part that the signals share, since their requests, resources and
// scopes have the same field numbers. `Chunk` has resources, scopes and a reservation. `Derived`
// has `kNames`, `bool ReadRecord(message, scope)` and `size_t record_count()`.
template <typename Derived, typename Chunk>
class RequestWalk {
 public:
  RequestWalk(std::string_view bytes, Chunk* chunk) : bytes_(bytes), chunk_(chunk) {}

  base::Status Run() {
    if (ReadRequest()) return {};
    if (over_budget_) {
      return base::Status::Unavailable("no memory left for the index of the request",
                                       std::chrono::seconds(1));
    }
    return {base::StatusCode::kInvalidArgument,
            fmt::format("otlp request: byte {}: {}: {}", problem_.at - bytes_.data(),
                        problem_.field, problem_.reason)};
  }

 protected:
  std::string_view bytes() const { return bytes_; }
  Chunk* chunk() { return chunk_; }
  // Whether records were found where senders before schema 0.19 put them.
  bool deprecated() const { return deprecated_; }

  bool CheckAttribute(std::string_view key_value, std::string_view name) {
    if (CheckKeyValue(key_value, &problem_)) return true;
    problem_.field = name;
    return false;
  }

  bool CheckValue(std::string_view any_value, std::string_view name) {
    if (CheckAnyValue(any_value, &problem_)) return true;
    problem_.field = name;
    return false;
  }

  // Reserves the bytes of the next growth of an index vector, so that small messages cannot make an
  // index that nobody counted.
  template <typename Entry>
  bool GrowIfFull(std::vector<Entry>* entries) {
    if (entries->size() < entries->capacity()) return true;
    const size_t before = entries->size() * sizeof(Entry);
    const size_t size = std::max<size_t>(4, 2 * entries->size());
    const bool is_counted = chunk_->reservation.bytes() > 0;
    // While they are copied, both are there.
    if (is_counted && !chunk_->reservation.TryGrow(size * sizeof(Entry))) {
      over_budget_ = true;
      return false;
    }
    entries->reserve(size);
    if (is_counted) chunk_->reservation.Shrink(before);
    return true;
  }

  base::ByteRange RangeOf(std::string_view part) const {
    return {static_cast<uint32_t>(part.data() - bytes_.data()), static_cast<uint32_t>(part.size())};
  }

  bool AtEnd(std::string_view rest, std::string_view name) {
    return rest.empty() || Fail(rest.data(), name, "malformed protobuf");
  }

  bool Fail(const char* at, std::string_view name, std::string_view reason) {
    problem_ = {at, name, reason};
    return false;
  }

 private:
  // The scope records of a schema before 0.19, which the Collector still reads when there are no
  // others.
  static constexpr uint32_t kDeprecatedScopeRecords = 1000;

  Derived& derived() { return static_cast<Derived&>(*this); }

  bool ReadRequest() {
    std::string_view rest = bytes_;
    proto::Field field;
    while (proto::NextField(&rest, &field)) {
      if (field.number != span::otlp::kRequestResourceSpans || !field.is_bytes()) continue;
      if (!ReadResourceRecords(field.bytes)) return false;
    }
    return AtEnd(rest, "request");
  }

  bool ReadResourceRecords(std::string_view message) {
    const size_t scopes_before = chunk_->scopes.size();
    if (!GrowIfFull(&chunk_->resources)) return false;
    chunk_->resources.emplace_back();
    bool has_scopes = false;
    bool has_deprecated = false;
    std::string_view rest = message;
    proto::Field field;
    while (proto::NextField(&rest, &field)) {
      if (!field.is_bytes()) continue;
      switch (field.number) {
        case span::otlp::kResourceSpansResource:
          if (!ReadResource(field.bytes)) return false;
          break;
        case span::otlp::kResourceSpansScopeSpans:
          has_scopes = true;
          if (!ReadScopeRecords(field.bytes)) return false;
          break;
        case span::otlp::kResourceSpansSchemaUrl:
          chunk_->resources.back().schema_url = RangeOf(field.bytes);
          break;
        case kDeprecatedScopeRecords:
          has_deprecated = true;
          break;
        default:
          break;
      }
    }
    if (!AtEnd(rest, Derived::kNames.resource_records)) return false;
    if (has_deprecated && !has_scopes && !ReadDeprecated(message)) return false;
    if (chunk_->scopes.size() == scopes_before) chunk_->resources.pop_back();
    return true;
  }

  bool ReadDeprecated(std::string_view resource_records) {
    deprecated_ = true;
    proto::Field field;
    while (proto::NextField(&resource_records, &field)) {
      if (field.number != kDeprecatedScopeRecords || !field.is_bytes()) continue;
      if (!ReadScopeRecords(field.bytes)) return false;
    }
    return true;
  }

  bool ReadResource(std::string_view message) {
    span::ResourceEntry& entry = chunk_->resources.back();
    if (entry.present) return Fail(message.data(), Derived::kNames.resource_twice, "given twice");
    entry.present = true;
    entry.message = RangeOf(message);
    std::string_view rest = message;
    proto::Field field;
    while (proto::NextField(&rest, &field)) {
      if (!field.is_bytes()) continue;
      if (field.number == span::otlp::kResourceAttributes &&
          !CheckAttribute(field.bytes, "resource.attributes")) {
        return false;
      }
      if (field.number == span::otlp::kResourceEntityRefs && !CheckFlat(field.bytes)) return false;
    }
    if (!AtEnd(rest, "resource")) return false;
    const auto service =
        span::FindAttribute({message, span::otlp::kResourceAttributes}, "service.name");
    if (service && service->type() == span::ValueType::kString) {
      entry.service_name = RangeOf(service->bytes());
    }
    return true;
  }

  bool CheckFlat(std::string_view entity_ref) {
    proto::Field field;
    while (proto::NextField(&entity_ref, &field)) {
    }
    return AtEnd(entity_ref, "resource.entity_refs");
  }

  bool ReadScopeRecords(std::string_view message) {
    const size_t records_before = derived().record_count();
    if (!GrowIfFull(&chunk_->scopes)) return false;
    const size_t scope = chunk_->scopes.size();
    chunk_->scopes.emplace_back().resource = static_cast<uint32_t>(chunk_->resources.size() - 1);
    std::string_view rest = message;
    proto::Field field;
    while (proto::NextField(&rest, &field)) {
      if (!field.is_bytes()) continue;
      switch (field.number) {
        case span::otlp::kScopeSpansScope:
          if (!ReadScope(field.bytes)) return false;
          break;
        case span::otlp::kScopeSpansSpans:
          if (!derived().ReadRecord(field.bytes, static_cast<uint32_t>(scope))) return false;
          break;
        case span::otlp::kScopeSpansSchemaUrl:
          chunk_->scopes.back().schema_url = RangeOf(field.bytes);
          break;
        default:
          break;
      }
    }
    if (derived().record_count() == records_before) chunk_->scopes.pop_back();
    return AtEnd(rest, Derived::kNames.scope_records);
  }

  bool ReadScope(std::string_view message) {
    span::ScopeEntry& entry = chunk_->scopes.back();
    if (entry.present) return Fail(message.data(), Derived::kNames.scope_twice, "given twice");
    entry.present = true;
    entry.message = RangeOf(message);
    proto::Field field;
    while (proto::NextField(&message, &field)) {
      if (field.number == span::otlp::kScopeAttributes && field.is_bytes() &&
          !CheckAttribute(field.bytes, "scope.attributes")) {
        return false;
      }
    }
    return AtEnd(message, "scope");
  }

  const std::string_view bytes_;
  Chunk* const chunk_;
  Problem problem_;
  bool over_budget_ = false;
  bool deprecated_ = false;
};

}  // namespace spandrel::wire
