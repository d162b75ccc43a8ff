// SPDX-License-Identifier: Apache-2.0
#include "processors/matching/record_filter.h"

#include <algorithm>
#include <charconv>

#include "proto/field_reader.h"
#include "span/span_view.h"

namespace spandrel::processors {
namespace {

namespace otlp = proto::otlp;
using span::ValueType;
using span::ValueView;

// What an expression is asked about; nothing for values that are not scalars.
std::optional<std::string> ScalarText(const ValueView& value) {
  switch (value.type()) {
    case ValueType::kString:
    case ValueType::kBool:
    case ValueType::kInt:
      return value.ToText();
    case ValueType::kDouble: {
      char text[400];
      const auto end =
          std::to_chars(text, text + sizeof(text), value.as_double(), std::chars_format::fixed);
      return std::string(text, end.ptr);
    }
    default:
      return std::nullopt;
  }
}

bool MatchesValue(const AttributeMatcher& matcher, const std::optional<ValueView>& found) {
  if (!found) return false;
  if (matcher.pattern != nullptr) {
    const auto text = ScalarText(*found);
    return text && re2::RE2::PartialMatch(*text, *matcher.pattern);
  }
  return !matcher.value || ValueView::FromMessage(*matcher.value) == *found;
}

bool MatchesResource(const std::vector<AttributeMatcher>& matchers, std::string_view resource) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const AttributeMatcher& matcher) {
    return MatchesValue(matcher,
                        span::FindAttribute({resource, otlp::kResourceAttributes}, matcher.key));
  });
}

bool MatchesService(const TextMatcher& services, std::string_view resource) {
  const auto name = span::FindAttribute({resource, otlp::kResourceAttributes}, "service.name");
  return name && services.Matches(name->ToText());
}

bool MatchesLibrary(const std::vector<LibraryMatcher>& libraries, std::string_view message) {
  const span::ScopeView scope(message);
  return std::any_of(libraries.begin(), libraries.end(), [&](const LibraryMatcher& library) {
    return library.name.Matches(scope.name) &&
           (!library.version || library.version->Matches(scope.version));
  });
}

std::string_view KindText(uint64_t kind) {
  static constexpr std::string_view kTexts[] = {"",
                                                "SPAN_KIND_INTERNAL",
                                                "SPAN_KIND_SERVER",
                                                "SPAN_KIND_CLIENT",
                                                "SPAN_KIND_PRODUCER",
                                                "SPAN_KIND_CONSUMER"};
  return kind < std::size(kTexts) ? kTexts[kind] : "";
}

// The name and kind of a Span message.
struct SpanHead {
  explicit SpanHead(std::string_view message) {
    for (proto::Field field; proto::NextField(&message, &field);) {
      if (field.number == otlp::kSpanName && field.is_bytes()) name = field.bytes;
      if (field.number == otlp::kSpanKind && field.is_varint()) kind = field.scalar;
    }
  }
  std::string_view name;
  uint64_t kind = 0;
};

}  // namespace

bool TextMatcher::Matches(std::string_view text) const {
  if (std::find(texts.begin(), texts.end(), text) != texts.end()) return true;
  return std::any_of(patterns.begin(), patterns.end(), [text](const auto& pattern) {
    return re2::RE2::PartialMatch(text, *pattern);
  });
}

bool MatchProperties::Matches(const span::RecordPlace& place,
                              const span::AttributeList& of_record) const {
  if (services && !MatchesService(*services, place.resource)) return false;
  if (span_names || span_kinds) {
    const SpanHead head(place.record);
    if (span_names && !span_names->Matches(head.name)) return false;
    if (span_kinds && !span_kinds->Matches(KindText(head.kind))) return false;
  }
  if (!libraries.empty() && !MatchesLibrary(libraries, place.scope)) return false;
  if (!MatchesResource(resources, place.resource)) return false;
  return std::all_of(attributes.begin(), attributes.end(), [&](const AttributeMatcher& matcher) {
    return MatchesValue(matcher, of_record.Find(matcher.key));
  });
}

bool RecordFilter::Takes(const span::RecordPlace& place,
                         const span::AttributeList& attributes) const {
  if (include && !include->Matches(place, attributes)) return false;
  return !exclude || !exclude->Matches(place, attributes);
}

}  // namespace spandrel::processors
