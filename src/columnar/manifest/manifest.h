// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/options/store_layout.h"

namespace spandrel::columnar {

inline constexpr uint64_t kManifestMagic = 0x314e414d44505300;  // "\0SPDMAN1"
// Of the time when a store had one tenant: without `released_through`.
inline constexpr uint32_t kManifestVersionOfOne = 1;
inline constexpr uint32_t kManifestVersion = 2;

// Which part files are the store of a tenant, and up to where the log is in them. The one file that
// is replaced as a whole, so a change of the set of parts happens entirely or not at all.
struct Manifest {
  struct PartEntry {
    uint64_t number = 0;
    uint64_t file_id = 0;
    friend bool operator==(const PartEntry&, const PartEntry&) = default;
  };
  uint64_t next_part_number = 1;
  // The tenant's log records up to this sequence are in parts.
  uint64_t sealed_through = 0;
  // The records of all tenants up to this sequence are in parts, so the log may be without them.
  uint64_t released_through = 0;
  std::vector<PartEntry> parts;  // oldest first
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

std::string EncodeManifest(const Manifest& manifest);
// DATA_LOSS when it is damaged, FAILED_PRECONDITION for a version that is not known.
base::Result<Manifest> ParseManifest(std::string_view bytes);

// Nothing when there is no manifest, or a damaged one, which is moved to quarantine unless the
// store is read-only.
base::Result<std::optional<Manifest>> LoadManifest(const StoreLayout& layout);

// Replaces the manifest: writes a new file, syncs it, renames it over the old one, syncs the
// folder.
base::Status SaveManifest(const StoreLayout& layout, const Manifest& manifest);

}  // namespace spandrel::columnar
