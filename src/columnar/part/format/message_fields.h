// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/part/format/message_field.h"
#include "span/span_batch.h"

namespace spandrel::columnar {

// Takes a Span message apart, in its order. False when putting the fields together again would not
// give the very same bytes: fields that are unknown or come twice, varints that are longer than
// they must be, ids of another length. Then the message is kept as a whole. The views are of the
// message.
bool TakeApart(std::string_view message, const span::SpanEntry& entry,
               std::vector<MessageField>* fields);

// What the fields that have no cell are made of.
struct RowValues {
  span::TraceId trace_id;
  span::SpanId span_id;
  span::SpanId parent_id;
  uint64_t start = 0;
  uint64_t end = 0;
  std::string_view name;
  span::SpanKind kind = span::SpanKind::kUnspecified;
};

// Appends a field as TakeApart found it.
void AppendField(const MessageField& field, const RowValues& row, std::string* message);

}  // namespace spandrel::columnar
