// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace spandrel::columnar {

// What answers lack for as long as it lies in quarantine: whoever takes the file away says that it
// is not missed any more.
struct LostSpans {
  uint64_t place = 0;  // as storage::QueryContext::NoteUnreadable
  uint64_t spans = 0;  // at least
};

// The parts in the folder, each with its spans, or those that its name says are lost; with one
// where nothing says how many there were.
std::vector<LostSpans> FindLostParts(const std::string& quarantine);

// How many places of the log are kept in the folder. Each was one request or more.
uint64_t CountLostRequests(const std::string& quarantine);

// Makes a part that is not where it should be one of those in the folder.
base::Status MarkAsLost(const std::string& path, const std::string& quarantine);

// Keeps the file of a part in the folder too, for the sake of so many spans that are nowhere else.
base::Result<LostSpans> KeepRest(const std::string& path, const std::string& quarantine,
                                 uint64_t lost_spans);

// Of a part that does not open.
LostSpans LostPart(const std::string& path);

}  // namespace spandrel::columnar
