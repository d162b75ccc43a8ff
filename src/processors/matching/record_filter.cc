// SPDX-License-Identifier: Apache-2.0
#include "processors/matching/record_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

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

// What is asked of a LogRecord message.
struct LogHead {
  explicit LogHead(std::string_view message) {
    for (proto::Field field; proto::NextField(&message, &field);) {
      if (field.number == otlp::kLogSeverityNumber && field.is_varint()) severity = field.scalar;
      if (field.number == otlp::kLogSeverityText && field.is_bytes()) severity_text = field.bytes;
      if (field.number == otlp::kLogBody && field.is_bytes()) {
        body = ValueView::FromMessage(field.bytes);
      }
    }
  }
  uint64_t severity = 0;
  std::string_view severity_text;
  ValueView body;
};

bool MatchesLog(const MatchProperties& match, std::string_view record) {
  if (!match.log_bodies && !match.log_severity_texts && !match.log_severity_number) return true;
  const LogHead log(record);
  if (match.log_bodies &&
      (log.body.type() != ValueType::kString || !match.log_bodies->Matches(log.body.bytes()))) {
    return false;
  }
  if (match.log_severity_texts && !match.log_severity_texts->Matches(log.severity_text)) {
    return false;
  }
  if (!match.log_severity_number) return true;
  if (log.severity == 0) return match.log_severity_number->match_undefined;
  return log.severity >= static_cast<uint64_t>(match.log_severity_number->min);
}

bool MatchesMetric(const MatchProperties& match, std::string_view record) {
  if (!match.metric_names) return true;
  std::string_view name;
  for (proto::Field field; proto::NextField(&record, &field);) {
    if (field.number == otlp::kMetricName && field.is_bytes()) name = field.bytes;
  }
  return match.metric_names->Matches(name);
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

// As upstream has it.
bool Applies(signal::Signal signal, std::string_view key) {
  if (key == "resources") return true;
  if (signal == signal::Signal::kMetrics) return key == "metric_names";
  if (key == "attributes" || key == "libraries") return true;
  return key.starts_with("log_") == (signal == signal::Signal::kLogs) && key != "metric_names";
}

}  // namespace

bool TextMatcher::Matches(std::string_view text) const {
  if (std::find(texts.begin(), texts.end(), text) != texts.end()) return true;
  return std::any_of(patterns.begin(), patterns.end(), [text](const auto& pattern) {
    return re2::RE2::PartialMatch(text, *pattern);
  });
}

bool MatchProperties::Matches(signal::Signal signal, const span::RecordPlace& place,
                              const span::AttributeList& of_record) const {
  if (services && !MatchesService(*services, place.resource)) return false;
  if (span_names || span_kinds) {
    const SpanHead head(place.record);
    if (span_names && !span_names->Matches(head.name)) return false;
    if (span_kinds && !span_kinds->Matches(KindText(head.kind))) return false;
  }
  if (signal == signal::Signal::kLogs && !MatchesLog(*this, place.record)) return false;
  if (signal == signal::Signal::kMetrics && !MatchesMetric(*this, place.record)) return false;
  if (!libraries.empty() && !MatchesLibrary(libraries, place.scope)) return false;
  if (!MatchesResource(resources, place.resource)) return false;
  return std::all_of(attributes.begin(), attributes.end(), [&](const AttributeMatcher& matcher) {
    return MatchesValue(matcher, of_record.Find(matcher.key));
  });
}

std::vector<std::string_view> MatchProperties::GivenKeys() const {
  std::vector<std::string_view> keys;
  const auto add = [&keys](bool given, std::string_view key) {
    if (given) keys.push_back(key);
  };
  add(services.has_value(), "services");
  add(span_names.has_value(), "span_names");
  add(span_kinds.has_value(), "span_kinds");
  add(log_bodies.has_value(), "log_bodies");
  add(log_severity_texts.has_value(), "log_severity_texts");
  add(log_severity_number.has_value(), "log_severity_number");
  add(metric_names.has_value(), "metric_names");
  add(!attributes.empty(), "attributes");
  add(!resources.empty(), "resources");
  add(!libraries.empty(), "libraries");
  return keys;
}

bool RecordFilter::Takes(signal::Signal signal, const span::RecordPlace& place,
                         const span::AttributeList& attributes) const {
  if (include && !include->Matches(signal, place, attributes)) return false;
  return !exclude || !exclude->Matches(signal, place, attributes);
}

base::Status RecordFilter::CheckSignal(signal::Signal signal) const {
  for (const auto& [name, match] :
       {std::pair("include", &include), std::pair("exclude", &exclude)}) {
    if (!*match) continue;
    for (const std::string_view key : (*match)->GivenKeys()) {
      if (Applies(signal, key)) continue;
      return {base::StatusCode::kInvalidArgument,
              fmt::format("{}: '{}' does not apply to {}", name, key, signal::SignalName(signal))};
    }
  }
  return {};
}

}  // namespace spandrel::processors
