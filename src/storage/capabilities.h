// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// What an engine promises beyond the least that the contract asks. The conformance suite holds it
// to that, and query reads it.
namespace spandrel::storage {

// What an engine decides of an expression before it touches whole spans.
enum class Pushdown : uint8_t {
  kNone,      // nothing: it looks at every span of the time range
  kSuperset,  // it leaves out spans that cannot match, and asks the evaluator about the others
  kExact,     // all of it
};

struct Capabilities {
  bool exact_bytes = true;   // spans come back as they were sent, unknown fields and order included
  bool typed_values = true;  // values keep their types; otherwise all are texts
  bool deduplicates = true;  // a span that was sent twice counts once
  // Keeps tenants apart: a batch is of the tenant that its origin names, a question of those that
  // its QueryContext names. Otherwise all are of the only one, whatever they name.
  bool tenants = false;
  // Reads that it answers; the others are UNIMPLEMENTED.
  bool trace_scan = true;
  bool measure = true;
  bool value_counts = true;
  bool catalog = true;  // Names and Values
};

}  // namespace spandrel::storage
