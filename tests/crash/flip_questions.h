// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "columnar/engine.h"
#include "span/ids.h"
#include "storage/time_range.h"

namespace spandrel::crash {

// What a store is asked to see whether it still gives the answers that it gave.
struct AskedFor {
  std::string tenant;
  std::string service;
  storage::TimeRange range;
  std::vector<span::TraceId> traces;
};

// One question and what came: the answer as a whole by its hash.
struct Answer {
  std::string question;
  uint64_t hash = 0;
  uint64_t unreadable_spans = 0;  // that it says it may lack
  bool failed = false;
};

// Traces at even distances over the range.
std::vector<span::TraceId> SampleTraces(columnar::Engine& store, storage::TimeRange range,
                                        size_t count);

// Traces by id, searches by service, attribute, duration and time, names, values, dependencies,
// rates and counts; the same questions in the same order for the same AskedFor.
std::vector<Answer> AskQuestions(columnar::Engine& store, const AskedFor& asked);

}  // namespace spandrel::crash
