// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/decode.h"
#include "signal/signal.h"
#include "span/edit/request_edit.h"

namespace spandrel::processors {

// A text is one of some, or has a match of one of some expressions in it.
class TextMatcher {
 public:
  bool Matches(std::string_view text) const;

  std::vector<std::string> texts;
  std::vector<std::shared_ptr<const re2::RE2>> patterns;
};

// Of one attribute: that it is there, and perhaps its value.
struct AttributeMatcher {
  std::string key;
  std::optional<std::string> value;  // the AnyValue message that it is the same as
  std::shared_ptr<const re2::RE2> pattern;
};

struct LibraryMatcher {
  TextMatcher name;
  std::optional<TextMatcher> version;
};

struct SeverityMatcher {
  int64_t min = 0;
  bool match_undefined = false;
};

// Under `include` and `exclude`: what is given has to hold all at once. Keys and meaning are the
// OpenTelemetry Collector's.
struct MatchProperties {
  std::optional<TextMatcher> services;  // of spans, as the next two
  std::optional<TextMatcher> span_names;
  std::optional<TextMatcher> span_kinds;
  std::optional<TextMatcher> log_bodies;  // those that are texts
  std::optional<TextMatcher> log_severity_texts;
  std::optional<SeverityMatcher> log_severity_number;
  std::optional<TextMatcher> metric_names;
  std::vector<AttributeMatcher> attributes;  // of the record: all of them
  std::vector<AttributeMatcher> resources;   // all of them
  std::vector<LibraryMatcher> libraries;     // one of them

  bool Matches(signal::Signal signal, const span::RecordPlace& place,
               const span::AttributeList& attributes) const;
  // The keys that say something, as the file writes them.
  std::vector<std::string_view> GivenKeys() const;
};

// Which records a processor works on: those that `include` matches, if it is there, without those
// that `exclude` does. Immutable; any thread may ask.
struct RecordFilter {
  std::optional<MatchProperties> include;
  std::optional<MatchProperties> exclude;

  bool Takes(signal::Signal signal, const span::RecordPlace& place,
             const span::AttributeList& attributes) const;
  // An error names what does not apply to records of the signal.
  base::Status CheckSignal(signal::Signal signal) const;
};

// Reads `include` and `exclude`; everything wrong with them is reported to `decoder`.
RecordFilter DecodeRecordFilter(config::Decoder& decoder);

}  // namespace spandrel::processors
