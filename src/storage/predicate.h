// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"

namespace spandrel::storage {

// Which of a span's attribute lists a condition looks into.
enum class AttributeScope : uint8_t {
  kSpan,
  kResource,
  kInstrumentation,  // the instrumentation scope's attributes
  kEvent,            // of any one of its events
  kLink,             // of any one of its links
  kAny,              // any of the five: Jaeger's tags
};

// What every span has, beside attributes.
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
};

// The left side of a comparison: an attribute or an intrinsic.
struct AttributeField {
  AttributeScope scope = AttributeScope::kSpan;
  std::string key;
  friend bool operator==(const AttributeField&, const AttributeField&) = default;
};
using Field = std::variant<Intrinsic, AttributeField>;

enum class CompareOp : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kMatches,       // RE2, unanchored; strings only
  kDoesNotMatch,  // of a string that is there
  // Equality of the text forms (span::ValueView::ToText), whatever the type: Jaeger's APIs carry
  // all values as text. For kStatus and kKind the case does not matter.
  kTextEqual,
};

using Value = std::variant<std::string, bool, int64_t, double>;

// A condition on one span with its scope, resource, events and links; the same tree serves Jaeger's
// tags, its structured filter, TraceQL and the page.
//
// Meaning, the same for every engine:
//   * A comparison holds when the field is there, its type fits the value's and the comparison is
//     true. Ints and doubles compare with one another as numbers; nothing else is converted. An
//     absent field makes every comparison false, kNotEqual too.
//   * A repeated key counts with its last value. For kEvent, kLink, kAny and the event and link
//     intrinsics, one matching place is enough.
//   * kNot is true exactly when its child is false, so `not (a = 1)` also holds where `a` is
//   absent.
//   * kAnd and kOr of nothing are true and false.
struct Predicate {
  enum class Kind : uint8_t { kAnd, kOr, kNot, kCompare, kExists };

  Kind kind = Kind::kAnd;
  std::vector<Predicate> children;  // kAnd, kOr: any number; kNot: one
  Field field;                      // kCompare, kExists
  CompareOp op = CompareOp::kEqual;
  Value value;

  // True of every span.
  static Predicate All() { return {}; }
  static Predicate And(std::vector<Predicate> children);
  static Predicate Or(std::vector<Predicate> children);
  static Predicate Not(Predicate child);
  static Predicate Compare(Field field, CompareOp op, Value value);
  static Predicate Exists(Field field);

  bool is_all() const { return kind == Kind::kAnd && children.empty(); }
};

inline constexpr int kMaxPredicateDepth = 64;
inline constexpr int kMaxPredicateNodes = 1000;

// INVALID_ARGUMENT for a tree that is deeper or larger than the limits above, a malformed regular
// expression, or an operator that does not go with its value's type.
base::Status ValidatePredicate(const Predicate& predicate);

}  // namespace spandrel::storage
