// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "storage/search.h"

namespace spandrel::api {

// The opaque cursor of a search in that order, and back. INVALID_ARGUMENT when it is none or is of
// the other order.
std::string EncodeCursor(const storage::Cursor& cursor, storage::Order order);
base::Result<storage::Cursor> DecodeCursor(std::string_view text, storage::Order order);

}  // namespace spandrel::api
