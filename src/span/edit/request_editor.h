// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/status.h"
#include "span/edit/request_edit.h"

namespace spandrel::span {

struct EditLimits {
  MessageLimits message;
  size_t max_request_bytes = std::numeric_limits<uint32_t>::max();
};

// What became of the messages of a request. A message that an edit would have made larger than it
// may be is `refused`: it stays as it was.
struct EditCounts {
  uint64_t changed_records = 0;
  uint64_t dropped_records = 0;
  uint64_t refused_records = 0;
  uint64_t refused_groups = 0;  // resources and scopes

  void Add(const EditCounts& other);
};

struct EditedRequest {
  bool changed = false;
  std::string bytes;                       // only when changed
  base::ByteBudget::Reservation reserved;  // for the capacity of `bytes`
  std::vector<uint32_t> dropped;           // ordinals of the records that are gone, ascending
  EditCounts counts;
};

// Rewrites an OTLP export request of any signal in one pass: what the edit leaves alone is copied
// as it is, whole groups at a time. `request` has been checked by its signal's decoder. Groups that
// lose all of their records go too. UNAVAILABLE when `memory` does not have the bytes.
base::Result<EditedRequest> EditRequest(std::string_view request, const RecordShape& shape,
                                        const RequestEdit& edit, base::ByteBudget& memory,
                                        const EditLimits& limits = {});

}  // namespace spandrel::span
