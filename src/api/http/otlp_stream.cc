// SPDX-License-Identifier: Apache-2.0
#include "api/http/otlp_stream.h"

#include <string>
#include <utility>

#include "base/check.h"

namespace spandrel::api {
namespace {

constexpr std::string_view kBegin = R"({"resourceSpans":[)";
constexpr std::string_view kEnd = "]}";
// Of spans' messages; their JSON is several times as large.
constexpr size_t kPieceBytes = 256 << 10;

}  // namespace

base::Status OtlpJsonStream::Add(span::SpanBatch&& trace) {
  for (const span::SpanBatch& piece : wire::SplitBatch(std::move(trace), 0, kPieceBytes)) {
    const std::string json = wire::EncodeOtlpJson(piece, form_);
    std::string_view items = json;
    SPANDREL_CHECK(items.starts_with(kBegin) && items.ends_with(kEnd));
    items.remove_prefix(kBegin.size());
    items.remove_suffix(kEnd.size());
    SPANDREL_RETURN_IF_ERROR(
        sink_.Write(std::exchange(empty_, false) ? std::string_view(begin_) : ","));
    SPANDREL_RETURN_IF_ERROR(sink_.Write(items));
  }
  return {};
}

base::Status OtlpJsonStream::End() {
  if (std::exchange(empty_, false)) SPANDREL_RETURN_IF_ERROR(sink_.Write(begin_));
  return sink_.Write(kEnd);
}

}  // namespace spandrel::api
