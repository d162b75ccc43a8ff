// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "query/traceql/search.h"
#include "storage/query_context.h"
#include "storage/value.h"
#include "wire/json/json_writer.h"

// Tempo's answers as JSON, in protobuf's form: 64-bit numbers are strings, names are camelCase.
namespace spandrel::api {

// `{"key":"a","value":{"intValue":"5"}}`; nothing is the text "nil", several values an array.
void WriteTempoAttribute(std::string_view key, const storage::OptionalValue& value,
                         wire::JsonWriter* json);
// One of `traces`.
void WriteTempoTrace(const query::FoundTrace& trace, wire::JsonWriter* json);
// The member `metrics` of a search: what was looked at.
void WriteTempoSearchMetrics(const storage::QueryContext& context, size_t traces,
                             wire::JsonWriter* json);
// The same of other answers.
void WriteTempoMetrics(const storage::QueryContext& context, wire::JsonWriter* json);

}  // namespace spandrel::api
