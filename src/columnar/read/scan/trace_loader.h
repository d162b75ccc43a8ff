// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "columnar/read/scan/question.h"
#include "columnar/read/scan/scan.h"
#include "storage/trace_fields.h"

namespace spandrel::columnar {

// A trace with its spans as rows, and which of them match.
struct LoadedTrace {
  storage::TraceFields trace;
  std::vector<uint8_t> matched;          // by span
  std::optional<uint64_t> newest_match;  // the latest start of those; nothing: none matches
};

// Reads one trace after the other, no more of it than a question asks about. One thread.
class TraceLoader {
 public:
  // Both outlive it; the scan is asked by the question's matcher alone.
  TraceLoader(Scan& scan, const Question& question) : fetch_(scan), question_(question) {}

  // What it gives lives until the next call.
  base::Result<LoadedTrace> Load(const span::TraceId& id);

 private:
  base::Result<LoadedTrace> LoadExact(const span::TraceId& id);
  base::Result<LoadedTrace> LoadAndEvaluate(const span::TraceId& id);

  TraceFetch fetch_;
  const Question& question_;
};

}  // namespace spandrel::columnar
