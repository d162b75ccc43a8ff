// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "columnar/wal/log_record.h"

// The scanner ends, stays inside the file, and never goes back.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using spandrel::columnar::LogScanner;
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  LogScanner scanner(file);
  uint64_t at = 0;
  for (auto step = scanner.Next(); step.outcome != LogScanner::Outcome::kEnd;
       step = scanner.Next()) {
    SPANDREL_CHECK(step.offset >= at && step.offset < size);
    at = step.offset + 1;
    if (step.body.empty()) continue;
    SPANDREL_CHECK(step.body.data() >= file.data());
    SPANDREL_CHECK(step.body.data() + step.body.size() <= file.data() + file.size());
  }
  scanner.HasTornTail();
  return 0;
}
