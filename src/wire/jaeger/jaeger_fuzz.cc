// SPDX-License-Identifier: Apache-2.0
// Any bytes as a Jaeger PostSpansRequest, and as an OTLP request that is written as Jaeger's.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
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
  return 0;
}
