// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/metrics.h"
#include "base/status.h"
#include "columnar/options/store_layout.h"
#include "columnar/snapshot/stored_spans.h"
#include "journal/log_replay.h"

namespace spandrel::columnar {

// Brings what the log holds beyond the parts back into heads, each record once and in order, and
// counts what is damaged. One thread reads and decodes, the calling one adds. Fails as ReplayLog
// does.
base::Result<journal::LogReplay> RecoverLog(const StoreLayout& layout, uint64_t sealed_through,
                                            StoredSpans& stored, base::MetricRegistry& metrics);

}  // namespace spandrel::columnar
