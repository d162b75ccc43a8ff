// SPDX-License-Identifier: Apache-2.0
// Spans of any bytes come back from a part, and from a merged one, byte for byte.
#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "base/testing/memory_directory.h"
#include "columnar/compaction/merge.h"
#include "columnar/part/read/part.h"
#include "columnar/part/write/seal.h"
#include "columnar/read/scan/part_source.h"
#include "proto/writer.h"
#include "wire/otlp/otlp.h"

namespace spandrel::columnar {
namespace {

constexpr int kMostSpans = 64;

class NothingKnown final : public Head::Known {
 public:
  void Prefetch(uint64_t) const override {}
  bool Contains(const span::SpanEntry&, uint64_t) const override { return false; }
};

void AppendValue(base::FuzzInput& input, uint32_t field, proto::Writer& writer) {
  const size_t value = writer.Open(field);
  const uint8_t type = input.Byte() % 8;
  if (type == 1 || type == 0) writer.Bytes(1, input.Text());
  if (type == 2) writer.Varint(2, input.Byte());
  if (type == 3) writer.Varint(3, input.Number());
  if (type == 4) writer.Fixed64(4, input.Number());
  if (type == 5 || type == 6) writer.Bytes(type, input.Text());
  if (type == 7) writer.Bytes(7, input.Text());
  writer.Close(value);
}

void AppendKeyValue(base::FuzzInput& input, uint32_t field, proto::Writer& writer) {
  const size_t attribute = writer.Open(field);
  const uint8_t order = input.Byte();
  if (order % 8 != 0) writer.Bytes(1, input.Text());
  if (order % 8 != 1) AppendValue(input, 2, writer);
  if (order % 8 == 0) writer.Bytes(1, input.Text());
  writer.Close(attribute);
}

void AppendIds(base::FuzzInput& input, proto::Writer& writer) {
  const uint8_t number = input.Byte();
  writer.Bytes(span::otlp::kSpanTraceId, std::string(16, static_cast<char>(1 + number % 3)));
  writer.Bytes(span::otlp::kSpanSpanId, std::string(8, static_cast<char>(1 + number / 3 % 16)));
  if (number >= 128) writer.Bytes(span::otlp::kSpanParentSpanId, std::string(8, '\3'));
}

// A field that is known, or any other.
void AppendSpanField(base::FuzzInput& input, uint8_t field, std::string* bytes) {
  proto::Writer writer(bytes);
  switch (field) {
    case span::otlp::kSpanKind:
      return writer.Varint(field, input.Byte());
    case span::otlp::kSpanStartTime:
    case span::otlp::kSpanEndTime:
      return writer.Fixed64(field, input.Number());
    case span::otlp::kSpanAttributes:
      return AppendKeyValue(input, field, writer);
    case span::otlp::kSpanDroppedAttributesCount:
    case span::otlp::kSpanDroppedEventsCount:
    case span::otlp::kSpanDroppedLinksCount:
      return writer.Varint(field, input.Byte());
    case span::otlp::kSpanEvents:
    case span::otlp::kSpanLinks: {
      const size_t message = writer.Open(field);
      if (input.Byte() % 2 == 0) writer.Bytes(2, input.Text());
      AppendKeyValue(input, field == span::otlp::kSpanEvents ? 3 : 4, writer);
      return writer.Close(message);
    }
    case span::otlp::kSpanStatus: {
      const size_t message = writer.Open(field);
      writer.Varint(span::otlp::kStatusCode, input.Byte() % 4);
      if (input.Byte() % 2 == 0) writer.Bytes(span::otlp::kStatusMessage, input.Text());
      return writer.Close(message);
    }
    case span::otlp::kSpanFlags:
      return writer.Fixed32(field, static_cast<uint32_t>(input.Number()));
    case 17:  // as it comes
      bytes->append(input.Text());
      return;
    default:
      return writer.Bytes(field, input.Text());
  }
}

std::string MakeSpan(base::FuzzInput& input) {
  std::string bytes;
  proto::Writer writer(&bytes);
  if (input.Byte() % 8 != 0) AppendIds(input, writer);
  const uint8_t fields = input.Byte() % 12;
  for (uint8_t i = 0; i < fields; ++i) AppendSpanField(input, input.Byte() % 20 + 1, &bytes);
  if (bytes.size() < 18) AppendIds(input, writer);
  return bytes;
}

// A request of spans whose fields the input chooses; some spans come several times with another
// number at their end, so that columns of many rows are made.
std::string MakeRequest(base::FuzzInput input) {
  std::string bytes;
  proto::Writer writer(&bytes);
  int spans = 0;
  while (!input.empty() && spans < kMostSpans) {
    const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
    if (input.Byte() % 4 != 0) {
      const size_t resource = writer.Open(span::otlp::kResourceSpansResource);
      AppendKeyValue(input, span::otlp::kResourceAttributes, writer);
      writer.Close(resource);
    }
    const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
    if (input.Byte() % 4 != 0) writer.Bytes(span::otlp::kScopeSpansScope, "");
    for (int left = input.Byte() % 8; left >= 0; --left) {
      std::string message = MakeSpan(input);
      const int copies = 1 + input.Byte() % 16;
      for (int i = 0; i < copies; ++i, ++spans) {
        writer.Bytes(span::otlp::kScopeSpansSpans, message);
        if (!message.empty()) message.back() = static_cast<char>(message.back() + 1);
      }
    }
    writer.Close(scope_spans);
    writer.Close(resource_spans);
  }
  return bytes;
}

std::string AllOf(const span::SpanRef& span) {
  std::string bytes;
  for (const std::string_view piece :
       {span.entry().trace_id.view(), span.message(), span.resource().message, span.scope().message,
        span.scope_schema_url(), span.resource_schema_url()}) {
    bytes += std::to_string(piece.size());
    bytes += ':';
    bytes += piece;
  }
  bytes += span.resource_entry().present ? '1' : '0';
  bytes += span.scope_entry().present ? '1' : '0';
  return bytes;
}

// But for those that no time range has.
std::vector<std::string> SpansOf(const Head& head) {
  std::vector<std::string> spans;
  for (const HeadRow& row : head.rows()) {
    const span::SpanRef span(*head.chunks()[row.chunk].chunk, row.span);
    if (span.entry().start_time_unix_nano != UINT64_MAX) spans.push_back(AllOf(span));
  }
  return spans;
}

std::vector<std::string> SpansOf(const PartPtr& part) {
  auto source = PartSource::Open(part, nullptr);
  SPANDREL_CHECK(source.ok());
  const auto matcher = Matcher::Make({}, {});
  std::vector<std::string> spans;
  for (uint32_t group = 0; group < part->footer().groups.size(); ++group) {
    const auto add = [&](const span::SpanRef& span) {
      spans.push_back(AllOf(span));
      return base::Status();
    };
    SPANDREL_CHECK(source->ScanGroup({}, group, *matcher, Content::kFull, add).ok());
  }
  std::sort(spans.begin(), spans.end());
  return spans;
}

void CheckRoundTrip(const std::shared_ptr<const span::SpanChunk>& chunk) {
  static const base::MemoryDirectory folder;
  const std::string path = folder.path() + "/part";
  Head head;
  head.Add(chunk, NothingKnown());
  if (head.row_count() == 0) return;
  std::vector<std::string> sent = SpansOf(head);
  std::sort(sent.begin(), sent.end());
  SPANDREL_CHECK(SealHead(head, path).ok());
  const PartPtr part = *Part::Open(path, 1);
  SPANDREL_CHECK(SpansOf(part) == sent);

  const std::string merged_path = path + ".merged";
  SPANDREL_CHECK(MergeParts({part, *Part::Open(path, 2)}, merged_path).ok());
  std::vector<std::string> twice;
  for (const std::string& span : sent) twice.insert(twice.end(), 2, span);
  SPANDREL_CHECK(SpansOf(*Part::Open(merged_path, 3)) == twice);
}

void CheckRequest(std::string request) {
  const auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(request)));
  if (decoded.ok() && !decoded->chunk->spans.empty()) CheckRoundTrip(decoded->chunk);
}

}  // namespace
}  // namespace spandrel::columnar

// The input is taken as a request, and as choices that make one.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  using namespace spandrel::columnar;
  base::FuzzInput input(data, size);
  CheckRequest(std::string(base::FuzzInput(input).Rest()));
  CheckRequest(MakeRequest(input));
  return 0;
}
