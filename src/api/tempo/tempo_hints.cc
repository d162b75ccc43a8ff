// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "api/http/responses.h"
#include "base/nearest_word.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using traceql::Hint;

constexpr uint64_t kDefaultExemplars = 100;
constexpr size_t kMaxNoteBytes = 500;

// Why a hint that Tempo knows changes nothing here.
std::string_view ReasonOf(std::string_view name) {
  if (name == "most_recent") return "the newest are always first";
  if (name == "sample" || name == "span_sample" || name == "trace_sample") {
    return "nothing is sampled, answers are exact";
  }
  if (name == "extrapolate") return "spans count as often as they stand for";
  return {};
}

const std::vector<std::string>& KnownNames() {
  static const std::vector<std::string> kNames = {"exemplars",   "most_recent",  "sample",
                                                  "span_sample", "trace_sample", "extrapolate"};
  return kNames;
}

std::string NoteOf(const Hint& hint) {
  if (const auto reason = ReasonOf(hint.name); !reason.empty()) {
    return fmt::format("hint '{}' does nothing: {}", hint.name, reason);
  }
  const std::string* const near = base::NearestWord(hint.name, KnownNames());
  return fmt::format("hint '{}' is not known{}", hint.name,
                     near == nullptr ? "" : fmt::format("; did you mean '{}'?", *near));
}

// A number, or whether there are any.
Result<uint64_t> ExemplarsOf(const traceql::Static& value) {
  if (const bool* const any = std::get_if<bool>(&value.value)) return *any ? kDefaultExemplars : 0;
  const int64_t* const count = std::get_if<int64_t>(&value.value);
  if (count != nullptr && value.type == traceql::Type::kInt && *count >= 0) {
    return std::min(static_cast<uint64_t>(*count), kMostExemplars);
  }
  return Status(StatusCode::kInvalidArgument, "hint 'exemplars': expected true, false or a number");
}

}  // namespace

Result<TempoHints> ReadHints(const std::vector<Hint>& hints) {
  TempoHints read;
  for (const Hint& hint : hints) {
    if (hint.name == "exemplars") {
      const auto exemplars = ExemplarsOf(hint.value);
      if (!exemplars.ok()) return exemplars.status();
      read.exemplars = *exemplars;
    } else if (read.note.size() < kMaxNoteBytes) {
      if (!read.note.empty()) read.note += ". ";
      read.note += NoteOf(hint);
    }
  }
  if (read.note.size() > kMaxNoteBytes) read.note.resize(kMaxNoteBytes);
  return read;
}

net::Headers JsonHeaders(const std::string& note) {
  net::Headers headers = {{"content-type", std::string(kJsonType)}};
  if (!note.empty()) headers.emplace_back(kNoteHeader, net::CleanHeaderValue(note));
  return headers;
}

}  // namespace spandrel::api
