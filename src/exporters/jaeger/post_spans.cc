// SPDX-License-Identifier: Apache-2.0
#include "exporters/jaeger/post_spans.h"

#include <algorithm>
#include <iterator>

#include "wire/jaeger/jaeger.h"
#include "wire/otlp/otlp.h"

namespace spandrel::exporters {
namespace {

using base::StatusCode;

constexpr size_t kSmallestPart = 1024;

bool AllFit(const std::vector<std::string>& requests, size_t max_bytes) {
  return std::all_of(requests.begin(), requests.end(),
                     [max_bytes](const std::string& one) { return one.size() <= max_bytes; });
}

bool IsFinal(const base::Status& answer) {
  switch (answer.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kUnimplemented:
      return true;
    case StatusCode::kResourceExhausted:
      return answer.message().find("larger than max") != std::string::npos;
    default:
      return false;
  }
}

}  // namespace

std::vector<std::string> MakePostSpansRequests(const span::SpanBatch& batch, size_t max_bytes) {
  std::vector<std::string> requests = wire::EncodePostSpansRequests(batch);
  // A Jaeger span can be larger than the OTLP span it was; how much, only encoding tells.
  for (size_t part_bytes = max_bytes; !AllFit(requests, max_bytes) && part_bytes >= kSmallestPart;
       part_bytes /= 2) {
    requests.clear();
    span::SpanBatch copy = batch;
    for (const span::SpanBatch& part : wire::SplitBatch(std::move(copy), 0, part_bytes)) {
      auto encoded = wire::EncodePostSpansRequests(part);
      std::move(encoded.begin(), encoded.end(), std::back_inserter(requests));
    }
  }
  return requests;
}

base::Status StatusOfPostSpans(const base::Status& answer) {
  if (answer.ok() || answer.retryable() || IsFinal(answer)) return answer;
  return {StatusCode::kUnavailable, answer.ToString()};
}

}  // namespace spandrel::exporters
