// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "signal/signal.h"
#include "wire/otlp/field_rule.h"

// The messages of OTLP's requests as tables, which the JSON reader, the JSON writer and the check
// of metrics and log records share. KeyValue and AnyValue are not here: they nest without end and
// are walked by hand.
namespace spandrel::wire {

// One signal's messages. Requests, resources and scopes have the same field numbers for all of them
// (span/span_view.h); only the names differ.
struct SignalSchema {
  MessageRule request;
  MessageRule record;
  std::string_view resource_records;  // "resourceSpans"
  std::string_view scope_records;     // "scopeSpans"
  std::string_view records;           // "spans"
};
extern const SignalSchema kTracesSchema;
extern const SignalSchema kMetricsSchema;
extern const SignalSchema kLogsSchema;
const SignalSchema& SchemaOf(signal::Signal signal);

extern const MessageRule kResourceMessage;
extern const MessageRule kScopeMessage;

}  // namespace spandrel::wire
