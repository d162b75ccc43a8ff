// SPDX-License-Identifier: Apache-2.0
#include "columnar/options/store_layout.h"

#include <fmt/format.h>

#include <filesystem>

#include "disk/directory.h"

namespace spandrel::columnar {

base::Status StoreLayout::Make() const {
  const std::filesystem::path folder(root);
  const std::string all = folder.parent_path();
  SPANDREL_RETURN_IF_ERROR(disk::MakeFolder(all));
  SPANDREL_RETURN_IF_ERROR(disk::MakeFolder(root));
  SPANDREL_RETURN_IF_ERROR(disk::MakeFolder(PartFolder()));
  SPANDREL_RETURN_IF_ERROR(disk::MakeFolder(QuarantineFolder()));
  SPANDREL_RETURN_IF_ERROR(disk::SyncFolder(root));
  SPANDREL_RETURN_IF_ERROR(disk::SyncFolder(all));
  return disk::SyncFolder(folder.parent_path().parent_path());
}

std::string StoreLayout::PartFile(uint64_t number) const {
  return fmt::format("{}/{:010}.part", PartFolder(), number);
}

}  // namespace spandrel::columnar
