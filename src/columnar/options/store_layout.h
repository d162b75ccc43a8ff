// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "journal/log_options.h"

namespace spandrel::columnar {

// The folders of a store, or of one of its tenants, and the names in them (docs/design/store.md).
// The default tenant lies in the store's own folder.
struct StoreLayout {
  explicit StoreLayout(std::string directory, bool for_reading = false)
      : root(std::move(directory)), read_only(for_reading) {}

  // Of a tenant that has a name.
  StoreLayout OfTenant(std::string_view name) const {
    return StoreLayout(TenantFolder() + "/" + std::string(name), read_only);
  }
  // Makes the folders of such a tenant; their names are durable when this returns.
  base::Status Make() const;

  std::string TenantFolder() const { return root + "/tenants"; }
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
