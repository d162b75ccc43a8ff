// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/words.h"
#include "processors/actions/any_value.h"
#include "processors/actions/pattern.h"
#include "processors/matching/record_filter.h"
#include "span/value.h"

namespace spandrel::processors {
namespace {

constexpr std::array<std::string_view, 5> kSpanKinds = {"SPAN_KIND_CLIENT", "SPAN_KIND_CONSUMER",
                                                        "SPAN_KIND_INTERNAL", "SPAN_KIND_PRODUCER",
                                                        "SPAN_KIND_SERVER"};

// Reads the block under `include` or `exclude`.
class MatchDecoder {
 public:
  explicit MatchDecoder(config::Decoder& block) : block_(block) {}

  MatchProperties Run() {
    ReadMatchType();
    MatchProperties match;
    match.services = ReadTexts("services");
    match.span_names = ReadTexts("span_names");
    match.span_kinds = ReadSpanKinds();
    match.attributes = ReadAttributes("attributes");
    match.resources = ReadAttributes("resources");
    match.libraries = ReadLibraries();
    match.log_bodies = ReadTexts("log_bodies");
    match.log_severity_texts = ReadTexts("log_severity_texts");
    match.log_severity_number = ReadSeverity();
    match.metric_names = ReadTexts("metric_names");
    if (match.GivenKeys().empty()) {
      block_.Error("", "needs something to match: services, span_names, attributes, resources ...");
    }
    return match;
  }

 private:
  void ReadMatchType() {
    std::string type;
    block_.Read("match_type", &type);
    is_regexp_ = type == "regexp";
    if (!is_regexp_ && type != "strict") {
      block_.Error("match_type", type.empty()
                                     ? "needed: strict or regexp"
                                     : config::Quote(type) + " is neither strict nor regexp");
    }
    // How many answers upstream keeps; there is nothing to keep here.
    block_.Ignore("regexp");
  }

  // `key` is where `text` stands in `decoder`.
  void Add(config::Decoder& decoder, std::string_view key, const std::string& text,
           TextMatcher* matcher) {
    if (!is_regexp_) return matcher->texts.push_back(text);
    if (auto pattern = CompilePattern(decoder, key, text)) {
      matcher->patterns.push_back(std::move(pattern));
    }
  }

  std::optional<TextMatcher> ReadTexts(std::string_view key) {
    std::vector<std::string> texts;
    block_.Read(key, &texts);
    if (texts.empty()) return std::nullopt;
    TextMatcher matcher;
    for (const std::string& text : texts) Add(block_, key, text, &matcher);
    return matcher;
  }

  std::optional<TextMatcher> ReadSpanKinds() {
    auto matcher = ReadTexts("span_kinds");
    if (!matcher) return matcher;
    for (const std::string& kind : matcher->texts) {
      if (std::find(kSpanKinds.begin(), kSpanKinds.end(), kind) != kSpanKinds.end()) continue;
      const std::vector<std::string> words(kSpanKinds.begin(), kSpanKinds.end());
      block_.Error("span_kinds",
                   fmt::format("{} is none of {}{}", config::Quote(kind),
                               config::JoinWords(words, " or "), config::DidYouMean(kind, words)));
    }
    return matcher;
  }

  std::vector<AttributeMatcher> ReadAttributes(std::string_view key) {
    std::vector<AttributeMatcher> matchers;
    for (config::Decoder& item : block_.Children(key)) {
      AttributeMatcher& matcher = matchers.emplace_back();
      item.Read("key", &matcher.key);
      if (matcher.key.empty()) item.Error("key", "needed: the key of an attribute");
      matcher.value = ReadAnyValue(item, "value");
      if (is_regexp_ && matcher.value) matcher.pattern = ReadPattern(item, *matcher.value);
    }
    return matchers;
  }

  static std::shared_ptr<const re2::RE2> ReadPattern(config::Decoder& item,
                                                     const std::string& any_value) {
    const auto value = span::ValueView::FromMessage(any_value);
    if (value.type() != span::ValueType::kString) {
      item.Error("value", "with match_type regexp, a value is a string: an expression");
      return nullptr;
    }
    return CompilePattern(item, "value", std::string(value.bytes()));
  }

  std::vector<LibraryMatcher> ReadLibraries() {
    std::vector<LibraryMatcher> libraries;
    for (config::Decoder& item : block_.Children("libraries")) {
      LibraryMatcher& library = libraries.emplace_back();
      std::string name;
      item.Read("name", &name);
      if (name.empty()) item.Error("name", "needed: the name of a library");
      Add(item, "name", name, &library.name);
      if (item.ReadAny("version") == nullptr) continue;
      std::string version;
      item.Read("version", &version);
      Add(item, "version", version, &library.version.emplace());
    }
    return libraries;
  }

  std::optional<SeverityMatcher> ReadSeverity() {
    if (block_.ReadAny("log_severity_number") == nullptr) return std::nullopt;
    config::Decoder child = block_.Child("log_severity_number");
    SeverityMatcher matcher;
    child.Read("min", &matcher.min);
    child.Read("match_undefined", &matcher.match_undefined);
    if (matcher.min < 0 || matcher.min > 24) child.Error("min", "a severity is 0 to 24");
    return matcher;
  }

  config::Decoder& block_;
  bool is_regexp_ = false;
};

std::optional<MatchProperties> DecodeMatch(config::Decoder& decoder, std::string_view key) {
  if (!decoder.Has(key)) return std::nullopt;
  config::Decoder block = decoder.Child(key);
  return MatchDecoder(block).Run();
}

}  // namespace

RecordFilter DecodeRecordFilter(config::Decoder& decoder) {
  RecordFilter filter;
  filter.include = DecodeMatch(decoder, "include");
  filter.exclude = DecodeMatch(decoder, "exclude");
  return filter;
}

}  // namespace spandrel::processors
