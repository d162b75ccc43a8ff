// SPDX-License-Identifier: Apache-2.0
#include "wire/otlp/export_response_json.h"

#include <simdjson.h>

#include "wire/json/json_scalar.h"

namespace spandrel::wire {
namespace {

using simdjson::SUCCESS;

base::Status Malformed() {
  return {base::StatusCode::kInvalidArgument, "otlp response: malformed json"};
}

// How many were rejected, whatever the signal calls them.
bool IsRejected(std::string_view key) {
  return IsFieldName(key, "rejectedSpans") || IsFieldName(key, "rejectedDataPoints") ||
         IsFieldName(key, "rejectedLogRecords");
}

}  // namespace

base::Result<PartialSuccess> DecodeExportResponseJson(std::string_view response) {
  PartialSuccess partial;
  if (response.empty()) return partial;
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  if (parser.parse(response.data(), response.size()).get(root) != SUCCESS) return Malformed();
  for (const auto& field : root) {
    simdjson::dom::object message;
    if (!IsFieldName(field.key, "partialSuccess") || field.value.is_null()) continue;
    if (field.value.get(message) != SUCCESS) return Malformed();
    for (const auto& inner : message) {
      std::string_view text;
      if (IsRejected(inner.key)) {
        partial.rejected_items = JsonInt64(inner.value).value_or(0);
      } else if (IsFieldName(inner.key, "errorMessage") && inner.value.get(text) == SUCCESS) {
        partial.error_message = text;
      }
    }
  }
  return partial;
}

}  // namespace spandrel::wire
