// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/search.h"

namespace spandrel::columnar {

// The order of results: greater keys first, then smaller trace ids.
struct ResultOrder {
  bool operator()(const storage::Cursor& a, const storage::Cursor& b) const {
    return a.key != b.key ? a.key > b.key : a.trace_id < b.trace_id;
  }
};

}  // namespace spandrel::columnar
