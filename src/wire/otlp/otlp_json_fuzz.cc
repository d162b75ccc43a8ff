// SPDX-License-Identifier: Apache-2.0
// Any text as OTLP/JSON: what is accepted is stable when written and read again.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/otlp/otlp.h"

using spandrel::span::SpanBatch;
using namespace spandrel::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto decoded = DecodeOtlpJson({reinterpret_cast<const char*>(data), size});
  if (!decoded.ok() || decoded->chunk->spans.empty()) return 0;
  const std::string json = EncodeOtlpJson(SpanBatch(decoded->chunk));
  auto again = DecodeOtlpJson(json);
  SPANDREL_CHECK(again.ok());
  SPANDREL_CHECK(again->chunk->spans.size() == decoded->chunk->spans.size());
  SPANDREL_CHECK(EncodeOtlpJson(SpanBatch(again->chunk)) == json);
  return 0;
}
