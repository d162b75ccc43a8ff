// SPDX-License-Identifier: Apache-2.0
// Any bytes as an OTLP protobuf request: whatever is accepted can be written and read again with
// the same spans, as protobuf and as JSON.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "span/span_view.h"
#include "wire/jaeger/jaeger.h"
#include "wire/jaeger/jaeger_json.h"
#include "wire/otlp/otlp.h"

using spandrel::base::MakeSharedBytes;
using spandrel::span::SpanBatch;
using namespace spandrel::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  auto decoded = DecodeOtlpProtobuf(MakeSharedBytes(bytes));
  if (!decoded.ok() || decoded->chunk->spans.empty()) return 0;
  const SpanBatch batch(decoded->chunk);

  // The first writing drops unknown fields and explicit defaults; from then on nothing changes.
  auto reread = DecodeOtlpJson(EncodeOtlpJson(batch));
  SPANDREL_CHECK(reread.ok());
  SPANDREL_CHECK(reread->chunk->spans.size() == batch.span_count());
  const std::string json = EncodeOtlpJson(SpanBatch(reread->chunk));
  auto again = DecodeOtlpJson(json);
  SPANDREL_CHECK(again.ok());
  SPANDREL_CHECK(EncodeOtlpJson(SpanBatch(again->chunk)) == json);

  size_t pieces_spans = 0;
  for (const auto& piece : SplitBatch(SpanBatch(batch), 2, 100)) {
    auto part = DecodeOtlpProtobuf(MakeSharedBytes(EncodeOtlpProtobuf(piece)));
    SPANDREL_CHECK(part.ok() && part->rejected_spans == 0);
    pieces_spans += part->chunk->spans.size();
  }
  SPANDREL_CHECK(pieces_spans == batch.span_count());

  for (const std::string& request : EncodePostSpansRequests(batch)) {
    SPANDREL_CHECK(!request.empty());
  }
  std::string trace;
  AppendJaegerTraceJson(batch, &trace);
  return 0;
}
