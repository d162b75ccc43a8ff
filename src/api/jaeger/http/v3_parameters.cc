// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/http/v3_parameters.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "api/http/json_reader.h"
#include "api/jaeger/http/legacy_parameters.h"
#include "base/ascii.h"
#include "base/time_text.h"
#include "query/tags.h"
#include "query/trace_search.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint64_t kDefaultSearchDepth = 100;

// "serviceName" to "service_name".
std::string ToSnakeCase(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') snake += '_';
    snake += c;
  }
  return base::LowerCase(snake);
}

// Every parameter may be written in either case; the camel case counts when both are there.
class V3Parameters {
 public:
  V3Parameters(const Parameters& parameters, std::string_view prefix)
      : parameters_(parameters), prefix_(prefix) {}

  std::string_view Get(std::string_view name) const {
    const std::string_view camel = parameters_.Get(prefix_ + std::string(name));
    return camel.empty() ? parameters_.Get(prefix_ + ToSnakeCase(name)) : camel;
  }

  Status Malformed(std::string_view name, std::string_view why) const {
    return {StatusCode::kInvalidArgument,
            fmt::format("malformed parameter {}{}: {}", prefix_, name, why)};
  }

  Status ParseTime(std::string_view name, uint64_t* time) const {
    const std::string_view text = Get(name);
    if (text.empty()) {
      return {StatusCode::kInvalidArgument, fmt::format("{}{} is required", prefix_, name)};
    }
    const auto parsed = base::ParseRfc3339(text);
    if (!parsed.ok()) return Malformed(name, parsed.status().message());
    *time = *parsed;
    return {};
  }

  Status ParseRange(std::string_view min, std::string_view max, storage::TimeRange* range) const {
    SPANDREL_RETURN_IF_ERROR(ParseTime(min, &range->min_unix_nano));
    SPANDREL_RETURN_IF_ERROR(ParseTime(max, &range->max_unix_nano));
    if (range->min_unix_nano < range->max_unix_nano) return {};
    return {StatusCode::kInvalidArgument,
            fmt::format("{}{} must be before {}{}", prefix_, min, prefix_, max)};
  }

  Status ParseDurationParameter(std::string_view name, std::optional<uint64_t>* duration) const {
    const std::string_view text = Get(name);
    if (text.empty()) return {};
    const auto parsed = base::ParseDuration(text);
    if (!parsed.ok()) return Malformed(name, parsed.status().message());
    *duration = *parsed;
    return {};
  }

  Status ParseAttributes(storage::Predicate* predicate) const {
    const std::string_view text = Get("attributes");
    if (text.empty()) return {};
    const auto map = ParseStringMap(text);
    if (!map.ok()) return Malformed("attributes", map.status().message());
    if (map->size() > query::kMaxTagConditions) return Malformed("attributes", "too many");
    for (const auto& [key, value] : *map) {
      predicate->children.push_back(query::TagEquals(key, value));
    }
    return {};
  }

  Result<bool> Raw() const {
    auto raw = parameters_.Truth(prefix_ + "rawTraces");
    if (!raw.ok() || *raw) return raw;
    return parameters_.Truth(prefix_ + "raw_traces");
  }

  Result<uint64_t> SearchDepth() const {
    std::string_view text = Get("searchDepth");
    if (text.empty()) text = Get("numTraces");
    if (text.empty() || text == "0") return kDefaultSearchDepth;
    const auto depth = base::ParseUnsigned(text);
    if (depth && *depth <= kMaxJaegerTraces) return *depth;
    return Malformed("searchDepth", fmt::format("expected a number up to {}", kMaxJaegerTraces));
  }

 private:
  const Parameters& parameters_;
  const std::string prefix_;
};

}  // namespace

Result<storage::SearchRequest> ParseV3Search(const Parameters& parameters) {
  const V3Parameters v3(parameters, "query.");
  query::TraceFilter filter;
  filter.service = v3.Get("serviceName");
  filter.operation = v3.Get("operationName");
  SPANDREL_RETURN_IF_ERROR(v3.ParseRange("startTimeMin", "startTimeMax", &filter.start_time));
  SPANDREL_RETURN_IF_ERROR(v3.ParseDurationParameter("durationMin", &filter.min_duration_nano));
  SPANDREL_RETURN_IF_ERROR(v3.ParseDurationParameter("durationMax", &filter.max_duration_nano));
  SPANDREL_RETURN_IF_ERROR(v3.ParseAttributes(&filter.tags));
  const auto depth = v3.SearchDepth();
  if (!depth.ok()) return depth.status();
  if (!v3.Get("filter").empty())
    return v3.Malformed("filter", "structured filters are not enabled");
  return query::MakeSearchRequest(filter, storage::Order::kNewest, *depth);
}

Result<bool> ParseV3SearchRaw(const Parameters& parameters) {
  return V3Parameters(parameters, "query.").Raw();
}

Result<bool> ParseV3Raw(const Parameters& parameters) {
  return V3Parameters(parameters, "").Raw();
}

Result<storage::TimeRange> ParseV3DependencyRange(const Parameters& parameters) {
  storage::TimeRange range;
  SPANDREL_RETURN_IF_ERROR(V3Parameters(parameters, "").ParseRange("startTime", "endTime", &range));
  return range;
}

}  // namespace spandrel::api
