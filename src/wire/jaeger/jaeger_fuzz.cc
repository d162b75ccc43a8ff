// SPDX-License-Identifier: Apache-2.0
// Any bytes as a Jaeger PostSpansRequest, and as an OTLP request that is written as Jaeger's.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "proto/writer.h"
#include "wire/jaeger/jaeger.h"
#include "wire/otlp/otlp.h"

using namespace spandrel;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)wire::DecodePostSpansRequest(bytes);
  auto otlp = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(bytes));
  if (!otlp.ok()) return 0;
  const span::SpanBatch batch(otlp->chunk);
  size_t spans = 0;
  for (const std::string& request : wire::EncodePostSpansRequests(batch)) {
    auto jaeger = wire::DecodePostSpansRequest(request);
    SPANDREL_CHECK(jaeger.ok());
    spans += jaeger->spans.size();
  }
  SPANDREL_CHECK(spans == batch.span_count());
  // The chunks of an answer are the same messages with their processes inside.
  spans = 0;
  const auto count = [&spans](std::string_view chunk) {
    std::string request;
    proto::Writer(&request).Bytes(1, chunk);
    const auto jaeger = wire::DecodePostSpansRequest(request);
    SPANDREL_CHECK(jaeger.ok());
    for (const wire::JaegerBatchSpan& span : jaeger->spans) SPANDREL_CHECK(span.process);
    spans += jaeger->spans.size();
    return base::Status();
  };
  SPANDREL_CHECK(wire::WriteJaegerSpanChunks(batch, 100, count).ok());
  SPANDREL_CHECK(spans == batch.span_count());
  return 0;
}
