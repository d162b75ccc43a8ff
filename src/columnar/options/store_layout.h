// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "journal/log_options.h"

namespace spandrel::columnar {

// The folders of a store and the names in them (docs/design/store.md).
struct StoreLayout {
  explicit StoreLayout(std::string directory, bool for_reading = false)
      : root(std::move(directory)), read_only(for_reading) {}

  std::string LogFolder() const { return root + "/log"; }
  std::string PartFolder() const { return root + "/parts"; }
  std::string QuarantineFolder() const { return root + "/quarantine"; }
  std::string LockFile() const { return root + "/LOCK"; }
  std::string ManifestFile() const { return root + "/MANIFEST"; }
  std::string ReserveFile() const { return root + "/reserve"; }
  journal::LogPaths Log() const { return {LogFolder(), QuarantineFolder(), read_only}; }
  std::string PartFile(uint64_t number) const;
  // Part files that are being written.
  std::string SealScratch() const { return PartFolder() + "/seal.new"; }
  std::string MergeScratch() const { return PartFolder() + "/merge.new"; }

  std::string root;
  // The store is only looked at: what is damaged or left over stays where it is.
  bool read_only;
};

}  // namespace spandrel::columnar
