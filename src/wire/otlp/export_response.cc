// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "proto/field_reader.h"
#include "proto/writer.h"
#include "span/value.h"
#include "wire/otlp/otlp.h"

namespace spandrel::wire {
namespace {

constexpr uint32_t kResponsePartialSuccess = 1;
constexpr uint32_t kPartialRejectedItems = 1;
constexpr uint32_t kPartialErrorMessage = 2;

std::string_view RejectedName(signal::Signal signal) {
  switch (signal) {
    case signal::Signal::kMetrics:
      return "rejectedDataPoints";
    case signal::Signal::kLogs:
      return "rejectedLogRecords";
    default:
      return "rejectedSpans";
  }
}

bool IsFull(const PartialSuccess& partial) {
  return partial.rejected_items == 0 && partial.error_message.empty();
}

bool ReadPartial(std::string_view message, PartialSuccess* partial) {
  proto::Field field;
  while (proto::NextField(&message, &field)) {
    if (field.number == kPartialRejectedItems && field.is_varint()) {
      partial->rejected_items = static_cast<int64_t>(field.scalar);
    }
    if (field.number == kPartialErrorMessage && field.is_bytes()) {
      partial->error_message = field.bytes;
    }
  }
  return message.empty();
}

}  // namespace

std::string EncodeExportResponseProtobuf(const PartialSuccess& partial) {
  std::string response;
  if (IsFull(partial)) return response;
  proto::Writer writer(&response);
  const size_t opened = writer.Open(kResponsePartialSuccess);
  if (partial.rejected_items != 0) {
    writer.Varint(kPartialRejectedItems, static_cast<uint64_t>(partial.rejected_items));
  }
  if (!partial.error_message.empty()) writer.Bytes(kPartialErrorMessage, partial.error_message);
  writer.Close(opened);
  return response;
}

std::string EncodeExportResponseJson(const PartialSuccess& partial, signal::Signal signal) {
  if (IsFull(partial)) return "{}";
  std::string json = fmt::format(R"({{"partialSuccess":{{"{}":"{}","errorMessage":)",
                                 RejectedName(signal), partial.rejected_items);
  span::AppendJsonString(partial.error_message, &json);
  json += "}}";
  return json;
}

base::Result<PartialSuccess> DecodeExportResponseProtobuf(std::string_view response) {
  PartialSuccess partial;
  proto::Field field;
  bool good = true;
  while (good && proto::NextField(&response, &field)) {
    if (field.number == kResponsePartialSuccess && field.is_bytes()) {
      good = ReadPartial(field.bytes, &partial);
    }
  }
  if (!good || !response.empty()) {
    return base::Status(base::StatusCode::kInvalidArgument, "otlp response: malformed protobuf");
  }
  return partial;
}

}  // namespace spandrel::wire
