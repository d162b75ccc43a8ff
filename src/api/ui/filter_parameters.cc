// SPDX-License-Identifier: Apache-2.0
#include "api/ui/filter_parameters.h"

#include <optional>
#include <string>
#include <utility>

#include "base/time_text.h"
#include "query/tags.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

Result<uint64_t> TimeParameter(const Parameters& parameters, std::string_view name,
                               std::string_view fallback, uint64_t now) {
  const std::string_view text = parameters.Get(name);
  auto time = base::ParseTime(text.empty() ? fallback : text, now);
  if (!time.ok()) return time.status().Annotate(name);
  return time;
}

// Leaves `value` alone when the parameter is absent or empty.
Status DurationParameter(const Parameters& parameters, std::string_view name,
                         std::optional<uint64_t>* value) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return {};
  const auto duration = base::ParseDuration(text);
  if (!duration.ok()) return duration.status().Annotate(name);
  *value = *duration;
  return {};
}

template <typename Word>
Status WordParameter(const Parameters& parameters, std::string_view name, std::string_view expected,
                     std::optional<Word> (*parse)(std::string_view), std::optional<Word>* value) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return {};
  *value = parse(text);
  if (*value) return {};
  return {StatusCode::kInvalidArgument, std::string(name) + ": expected " + std::string(expected)};
}

}  // namespace

Result<storage::TimeRange> ParsePageRange(const Parameters& parameters, uint64_t now_unix_nano) {
  const auto from = TimeParameter(parameters, "from", "now-1h", now_unix_nano);
  if (!from.ok()) return from.status();
  const auto to = TimeParameter(parameters, "to", "now", now_unix_nano);
  if (!to.ok()) return to.status();
  if (*from >= *to) return Status(StatusCode::kInvalidArgument, "from: must be before to");
  return storage::TimeRange{*from, *to};
}

Result<query::TraceFilter> ParsePageFilter(const Parameters& parameters, uint64_t now_unix_nano) {
  query::TraceFilter filter;
  filter.service = parameters.Get("service");
  filter.operation = parameters.Get("operation");
  auto tags = query::ParseTags(parameters.Get("tags"));
  if (!tags.ok()) return tags.status();
  filter.tags = std::move(*tags);
  Status status =
      WordParameter(parameters, "kind", "server, client, internal, producer or consumer",
                    &ParseSpanKind, &filter.kind);
  if (status.ok()) {
    status =
        WordParameter(parameters, "status", "error, ok or unset", &ParseSpanStatus, &filter.status);
  }
  if (status.ok()) status = DurationParameter(parameters, "minDuration", &filter.min_duration_nano);
  if (status.ok()) status = DurationParameter(parameters, "maxDuration", &filter.max_duration_nano);
  if (!status.ok()) return status;
  const auto range = ParsePageRange(parameters, now_unix_nano);
  if (!range.ok()) return range.status();
  filter.start_time = *range;
  return filter;
}

}  // namespace spandrel::api
