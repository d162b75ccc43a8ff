// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "proto/otlp.h"
#include "span/edit/attribute_list.h"

namespace spandrel::span {

// A part of a record that has attributes of its own: an event, a link, a data point.
struct PartShape {
  uint32_t field;       // of the record
  uint32_t attributes;  // field of the part
  uint32_t inner = 0;   // when not 0: `field` holds a message, and its field `inner` the parts
};

// Where the attributes of a signal's records are. The messages around the records, from the request
// to the scope, are the same for all signals but for their names.
struct RecordShape {
  uint32_t attributes;  // field of the record; 0 when it has none itself
  std::span<const PartShape> parts;
};

inline constexpr std::array<PartShape, 2> kSpanParts = {{
    {proto::otlp::kSpanEvents, proto::otlp::kEventAttributes},
    {proto::otlp::kSpanLinks, proto::otlp::kLinkAttributes},
}};
inline constexpr std::array<PartShape, 5> kMetricParts = {{
    {proto::otlp::kMetricGauge, proto::otlp::kNumberPointAttributes, proto::otlp::kDataPoints},
    {proto::otlp::kMetricSum, proto::otlp::kNumberPointAttributes, proto::otlp::kDataPoints},
    {proto::otlp::kMetricHistogram, proto::otlp::kHistogramPointAttributes,
     proto::otlp::kDataPoints},
    {proto::otlp::kMetricExponentialHistogram, proto::otlp::kExponentialHistogramPointAttributes,
     proto::otlp::kDataPoints},
    {proto::otlp::kMetricSummary, proto::otlp::kSummaryPointAttributes, proto::otlp::kDataPoints},
}};

inline constexpr RecordShape kSpanShape = {proto::otlp::kSpanAttributes, kSpanParts};
inline constexpr RecordShape kLogShape = {proto::otlp::kLogAttributes, {}};
inline constexpr RecordShape kMetricShape = {0, kMetricParts};

// Where a record stands: the messages of its resource and scope as they came (empty when there is
// none), and its own.
struct RecordPlace {
  std::string_view resource;
  std::string_view scope;
  std::string_view record;
};

// What a stage does to a request, level by level. Only the levels that it names are asked about.
// Called by one thread after the other or by many at once: what the calls change is in their
// arguments. The lists are those of the message at hand.
class RequestEdit {
 public:
  struct Levels {
    bool resources = false;
    bool scopes = false;
    bool records = false;
    bool parts = false;  // needs `records`
  };
  enum class Verdict : uint8_t {
    kKeep,
    kKeepWhole,  // its parts are not asked about
    kDrop,
  };

  virtual ~RequestEdit() = default;
  virtual Levels levels() const = 0;

  // A ResourceSpans without a Resource has one without attributes here, and gets one when it is
  // given some. The same with scopes.
  virtual void EditResource(AttributeList& /*attributes*/) const {}
  virtual void EditScope(std::string_view /*resource*/, AttributeList& /*attributes*/) const {}
  // The list is empty, and stays it, when records of this kind have no attributes.
  virtual Verdict EditRecord(const RecordPlace& /*place*/, AttributeList& /*attributes*/) const {
    return Verdict::kKeep;
  }
  // kDrop leaves the part out of its record.
  virtual Verdict EditPart(const RecordPlace& /*place*/, const PartShape& /*shape*/,
                           std::string_view /*part*/, AttributeList& /*attributes*/) const {
    return Verdict::kKeep;
  }
};

}  // namespace spandrel::span
