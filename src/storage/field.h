// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace spandrel::storage {

// Which of a span's attribute lists a field is looked for in.
enum class AttributeScope : uint8_t {
  kSpan,
  kResource,
  kInstrumentation,  // the instrumentation scope's attributes
  kEvent,            // of any one of its events
  kLink,             // of any one of its links
  kAny,              // any of the five: Jaeger's tags
  kUnscoped,         // the span's when it has the key, else the resource's: TraceQL's `.key`
};

// What every span has, beside attributes. Those from kEventTimeSinceStart on are of expressions
// only, and those from kChildCount on say what the whole trace says of the span.
enum class Intrinsic : uint8_t {
  kTraceId,        // string, 32 lower-case hex digits
  kSpanId,         // string, 16 hex digits
  kParentSpanId,   // string, "" for a root
  kTraceState,     // string
  kName,           // string
  kKind,           // string: unspecified, internal, server, client, producer, consumer
  kStatus,         // string: unset, ok, error
  kStatusMessage,  // string
  kStartTime,      // int, nanoseconds since the epoch
  kDuration,       // int, nanoseconds
  kServiceName,    // string, the resource's service.name, "" when absent
  kScopeName,      // string
  kScopeVersion,   // string
  kEventName,      // string, of any one event
  kLinkTraceId,    // string, of any one link
  kLinkSpanId,     // string, of any one link

  kEventTimeSinceStart,  // int, nanoseconds from the span's start, of any one event

  kChildCount,       // int, spans whose parent it is
  kTraceStartTime,   // int, the earliest start
  kTraceDuration,    // int, from the earliest start to the latest end, 0 when that is before it
  kRootName,         // string, of the earliest span without a parent, "" when there is none
  kRootServiceName,  // string, of the same span
  // Ints that number the spans under those without a parent, see trace_fields.h: its own place, the
  // last place below it, and its parent's place (-1 without a parent). All are 0 of a span that
  // hangs on no span without a parent.
  kNestedSetLeft,
  kNestedSetRight,
  kNestedSetParent,
};
inline constexpr auto kLastIntrinsic = Intrinsic::kNestedSetParent;

// An attribute by its names. Each list of attributes that is asked for it has the value of the
// first of the names that is in it.
struct AttributeField {
  AttributeScope scope = AttributeScope::kSpan;
  std::string key;
  std::vector<std::string> other_keys = {};  // its names behind `key`
  friend bool operator==(const AttributeField&, const AttributeField&) = default;
};

// The place of `key` among the names of an attribute, 0 of the first; how many there are when it is
// none of them.
size_t CountOfNames(const AttributeField& attribute);
size_t NameIndex(const AttributeField& attribute, std::string_view key);

// A field of a span: an attribute or an intrinsic.
using Field = std::variant<Intrinsic, AttributeField>;

// A field of the span that is asked about, or of its parent: that field of the earliest span of the
// trace that has the parent's id. Absent when that span is not stored.
struct FieldRef {
  FieldRef() = default;
  FieldRef(Field field) : field(std::move(field)) {}   // NOLINT(google-explicit-constructor)
  FieldRef(Intrinsic intrinsic) : field(intrinsic) {}  // NOLINT(google-explicit-constructor)
  FieldRef(AttributeField attribute) : field(std::move(attribute)) {}  // NOLINT
  static FieldRef OfParent(Field field) {
    FieldRef ref(std::move(field));
    ref.of_parent = true;
    return ref;
  }

  Field field = Intrinsic::kTraceId;
  bool of_parent = false;
  friend bool operator==(const FieldRef&, const FieldRef&) = default;
};

// True of fields that a Predicate may name: what one span by itself says in one place.
bool IsPlainField(const Field& field);
// True when one span does not say it: a field of the parent or of the trace.
bool NeedsTrace(const FieldRef& field);

// As TraceQL writes it: `span.http.method`, `.key`, `duration`, `parent.resource.region`. An
// attribute goes by its first name.
std::string FieldName(const FieldRef& field);

}  // namespace spandrel::storage
