// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/metrics.h"
#include "base/status.h"
#include "columnar/options/store_layout.h"
#include "columnar/snapshot/stored_spans.h"
#include "journal/log_replay.h"

namespace spandrel::columnar {

// Where a record of a tenant goes; null when it is in a part. Called on one thread, which is not
// the one that adds.
using HeadsOf = std::function<StoredSpans*(const std::string& tenant, uint64_t sequence)>;

// Brings what the log holds beyond the parts back into heads, each record once and in order, and
// counts what is damaged. Records up to `released_through` are in parts, whoever's they are. One
// thread reads and decodes, the calling one adds. Fails as ReplayLog does. The heads' recovery is
// not ended.
base::Result<journal::LogReplay> RecoverLog(const StoreLayout& layout, uint64_t released_through,
                                            const HeadsOf& heads_of, base::MetricRegistry& metrics);

}  // namespace spandrel::columnar
