// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/part/format/part_format.h"

namespace spandrel::columnar {

// A row group of a part: what a reader asks before it opens it.
struct GroupRecord {
  uint32_t row_count = 0;
  uint32_t trace_count = 0;
  uint64_t min_start = UINT64_MAX;
  uint64_t max_start = 0;
  uint64_t max_duration = 0;
  uint64_t message_bytes = 0;  // of the spans' messages, about: what reading all of it may occupy
  SectionRecord directory;
  SectionRecord trace_filter;
  SectionRecord value_filter;
  SectionRecord latencies;
};

// What a part is, at its end.
// What the policy of retention did when it was applied to all traces of a part.
struct PolicyRecord {
  uint64_t dropped_spans = 0;
  uint64_t dropped_traces = 0;
  // TraceIdHash of dropped traces with spans in parts that were not judged yet, ascending.
  std::vector<uint64_t> left_elsewhere;
};
// Of more traces than these nobody remembers that they were dropped.
inline constexpr size_t kMaxLeftElsewhere = 64 * 1024;

struct PartFooter {
  uint32_t version = kPartVersion;
  uint64_t file_id = 0;
  uint64_t row_count = 0;
  uint64_t trace_count = 0;  // of the row groups together; a trace may be in several
  uint64_t min_start = UINT64_MAX;
  uint64_t max_start = 0;
  uint64_t sealed_through = 0;     // the log sequence up to which this part and older ones hold all
  std::vector<uint64_t> replaces;  // numbers of the parts that were merged into this one
  SectionRecord dictionary;
  std::vector<GroupRecord> groups;
  std::optional<PolicyRecord> policy;  // of a part that the policy of retention was applied to
};

// The footer with the trailer behind it: the end of a part file.
std::string EncodePartFooter(const PartFooter& footer);

// Reads the end of a part file. DATA_LOSS when it is not one, FAILED_PRECONDITION for a version
// that is not known. Every section lies inside the file, and the counts add up.
base::Result<PartFooter> ParsePartFooter(std::string_view file);
// The same of the last bytes of a file that ends at `end`, the footer among them.
base::Result<PartFooter> ParsePartFooterAt(std::string_view tail, uint64_t end);

// The same of a file whose end may be damaged or missing, where a copy of the footer lies before.
struct FoundFooter {
  PartFooter footer;
  uint64_t begin = 0;  // of the copy that was read, in the file
  uint64_t end = 0;    // with its trailer
  // Made again from the rest of the file (read/salvage_footer.h). `end` is where the guard begins
  // then, 0 when nobody knows, and `lost_spans` tells about how many are in no row group any more.
  bool is_rebuilt = false;
  uint64_t lost_spans = 0;
};
base::Result<FoundFooter> FindPartFooter(std::string_view file);

}  // namespace spandrel::columnar
