// SPDX-License-Identifier: Apache-2.0
// A part whose checksums are right but one of whose sections is any bytes: reading it must end with
// an answer or with DATA_LOSS.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "columnar/compaction/merge.h"
#include "columnar/part/part.h"
#include "columnar/part/part_writer.h"
#include "columnar/read/part_source.h"
#include "wire/otlp.h"
#include "wire/proto_writer.h"

namespace spandrel::columnar {
namespace {

std::string ScratchPath() {
  char name[] = "/tmp/spandrel-fuzz-XXXXXX";
  const char* const folder = ::mkdtemp(name);
  return (folder == nullptr ? std::string("/tmp") : std::string(folder)) + "/part";
}

void Attribute(wire::ProtoWriter& writer, std::string_view key, std::string_view value) {
  const size_t attribute = writer.Open(span::otlp::kSpanAttributes);
  writer.Bytes(span::otlp::kKeyValueKey, key);
  const size_t any = writer.Open(span::otlp::kKeyValueValue);
  writer.Bytes(span::otlp::kAnyValueString, value);
  writer.Close(any);
  writer.Close(attribute);
}

// Ten traces of four spans with texts of few and of many values, an int, an event and a parent.
std::string SampleRequest() {
  std::string bytes;
  wire::ProtoWriter writer(&bytes);
  const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
  const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
  for (char i = 1; i <= 40; ++i) {
    const size_t span = writer.Open(span::otlp::kScopeSpansSpans);
    writer.Bytes(span::otlp::kSpanTraceId, std::string(16, static_cast<char>((i - 1) / 4 + 1)));
    writer.Bytes(span::otlp::kSpanSpanId, std::string(8, i));
    if (i % 4 != 1) writer.Bytes(span::otlp::kSpanParentSpanId, std::string(8, i - 1));
    writer.Bytes(span::otlp::kSpanName, "work");
    writer.Fixed64(span::otlp::kSpanStartTime, 1'000'000 + static_cast<uint64_t>(i));
    writer.Fixed64(span::otlp::kSpanEndTime, 2'000'000 + static_cast<uint64_t>(i * i));
    Attribute(writer, "key", i % 2 == 0 ? "value" : "other");
    Attribute(writer, "url", "/orders/" + std::to_string(i * 7919) + "/items");
    const size_t event = writer.Open(span::otlp::kSpanEvents);
    writer.Bytes(span::otlp::kEventName, "note");
    writer.Close(event);
    writer.Close(span);
  }
  writer.Close(scope_spans);
  writer.Close(resource_spans);
  return bytes;
}

EncodedRowGroup SampleGroup(PartWriter& part) {
  static const auto request = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(SampleRequest()));
  const span::SpanChunk& chunk = *request->chunk;
  span::TraceId trace;
  for (const span::SpanEntry& entry : chunk.spans) {
    if (entry.trace_id != trace) part.rows().BeginTrace(entry.trace_id);
    trace = entry.trace_id;
    part.rows().AddSpan(entry, entry.message.In(chunk.bytes()), entry.name.In(chunk.bytes()),
                        part.dictionary().AddScope(chunk, entry.scope));
  }
  EncodedRowGroup group = EncodeRowGroup(part.rows(), Effort::kFast);
  part.rows().Clear();
  return group;
}

void ReadEverything(const PartPtr& part) {
  auto source = PartSource::Open(part, nullptr);
  if (!source.ok()) return;
  const auto matcher = Matcher::Make(
      storage::Predicate::Compare(storage::AttributeField{storage::AttributeScope::kAny, "key"},
                                  storage::CompareOp::kNotEqual, std::string("value")),
      {});
  for (uint32_t group = 0; group < part->footer().groups.size(); ++group) {
    source->ScanGroup(group, *matcher, Content::kFull, [](const span::SpanRef&) {});
    source->ReadTrace(group, span::TraceId(), Content::kFull);
  }
}

}  // namespace
}  // namespace spandrel::columnar

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel::columnar;
  static const std::string path = ScratchPath();
  if (size < 1) return 0;
  auto part = PartWriter::Create(path, Effort::kFast);
  if (!part.ok()) return 0;
  EncodedRowGroup group = SampleGroup(**part);
  EncodedSection& damaged = group.sections[data[0] % group.sections.size()];
  damaged.bytes.assign(reinterpret_cast<const char*>(data + 1), size - 1);
  damaged.raw_size = static_cast<uint32_t>(damaged.bytes.size());
  if (!(*part)->AddGroup(group).ok() || !(*part)->Finish(1, {}).ok()) return 0;
  const auto opened = Part::Open(path, 1);
  if (!opened.ok()) return 0;
  ReadEverything(*opened);
  const auto merged = MergeParts({*opened, *opened}, path + ".merged");
  (void)merged.ok();
  return 0;
}
