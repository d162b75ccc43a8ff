// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "span/ids.h"

// Requests that follow from their number alone, so that a ledger of numbers says what must be
// stored, down to the byte.
namespace spandrel::crash {

struct RequestShape {
  uint32_t traces = 3;
  uint32_t spans_per_trace = 4;
  uint32_t tenants = 1;
  uint64_t span_count() const { return uint64_t{traces} * spans_per_trace; }
};

// Ids are spread over their whole space and differ between any two (number, trace).
span::TraceId NumberedTraceId(uint64_t number, uint32_t trace);

// Whose request it is: they take turns, and the first one is the default tenant.
std::string NumberedTenant(uint64_t number, const RequestShape& shape);

// An OTLP request: one resource, spans of about 300 bytes with attributes of several types, some
// with an event. The first 2^40 numbers differ in all ids.
std::string EncodeNumberedRequest(uint64_t number, const RequestShape& shape);

}  // namespace spandrel::crash
