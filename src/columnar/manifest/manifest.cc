// SPDX-License-Identifier: Apache-2.0
#include "columnar/manifest/manifest.h"

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/fixed.h"
#include "base/log.h"
#include "disk/directory.h"
#include "disk/file.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

Result<std::string> ReadManifestFile(const std::string& path) {
  const Result<disk::File> file = disk::File::OpenToRead(path);
  if (!file.ok()) return file.status();
  const Result<uint64_t> size = file->Size();
  if (!size.ok()) return size.status();
  return file->ReadAt(0, *size);
}

}  // namespace

std::string EncodeManifest(const Manifest& manifest) {
  std::string bytes;
  base::AppendFixed(kManifestMagic, &bytes);
  base::AppendFixed(kManifestVersion, &bytes);
  base::AppendFixed(static_cast<uint32_t>(manifest.parts.size()), &bytes);
  base::AppendFixed(manifest.next_part_number, &bytes);
  base::AppendFixed(manifest.sealed_through, &bytes);
  base::AppendFixed(manifest.released_through, &bytes);
  for (const Manifest::PartEntry& part : manifest.parts) {
    base::AppendFixed(part.number, &bytes);
    base::AppendFixed(part.file_id, &bytes);
  }
  base::AppendFixed(base::Crc32c(bytes), &bytes);
  return bytes;
}

Result<Manifest> ParseManifest(std::string_view bytes) {
  const Status damaged(StatusCode::kDataLoss, "manifest is damaged");
  if (bytes.size() < sizeof(uint32_t)) return damaged;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(uint32_t));
  base::FixedReader crc(bytes.substr(body.size()));
  if (crc.Take<uint32_t>() != base::Crc32c(body)) return damaged;
  base::FixedReader reader(body);
  if (reader.Take<uint64_t>() != kManifestMagic) return damaged;
  const auto version = reader.Take<uint32_t>();
  if (version < kManifestVersionOfOne || version > kManifestVersion) {
    return Status(StatusCode::kFailedPrecondition,
                  fmt::format("format version {} is not known to this spandrel", version));
  }
  Manifest manifest;
  const auto count = reader.Take<uint32_t>();
  manifest.next_part_number = reader.Take<uint64_t>();
  manifest.sealed_through = reader.Take<uint64_t>();
  manifest.released_through =
      version == kManifestVersionOfOne ? manifest.sealed_through : reader.Take<uint64_t>();
  if (!reader.Has(count, sizeof(Manifest::PartEntry))) return damaged;
  for (uint32_t i = 0; i < count; ++i) {
    const auto number = reader.Take<uint64_t>();
    manifest.parts.push_back({number, reader.Take<uint64_t>()});
  }
  if (!reader.done()) return damaged;
  return manifest;
}

Result<std::optional<Manifest>> LoadManifest(const StoreLayout& layout) {
  const std::string path = layout.ManifestFile();
  const Result<std::string> bytes = ReadManifestFile(path);
  if (!bytes.ok()) {
    if (bytes.status().code() == StatusCode::kNotFound) return std::optional<Manifest>();
    return bytes.status();
  }
  Result<Manifest> manifest = ParseManifest(*bytes);
  if (manifest.ok()) return std::optional<Manifest>(std::move(*manifest));
  if (manifest.status().code() != StatusCode::kDataLoss) return manifest.status().Annotate(path);
  base::LogError("{}: damaged, made again from the parts", path);
  if (!layout.read_only) {
    SPANDREL_RETURN_IF_ERROR(disk::QuarantineFile(path, layout.QuarantineFolder()));
  }
  return std::optional<Manifest>();
}

Status SaveManifest(const StoreLayout& layout, const Manifest& manifest) {
  const std::string path = layout.ManifestFile();
  const std::string fresh = path + ".new";
  SPANDREL_RETURN_IF_ERROR(disk::RemoveFile(fresh));
  Result<disk::File> file = disk::File::Create(fresh);
  if (!file.ok()) return file.status();
  SPANDREL_RETURN_IF_ERROR(file->WriteAt(EncodeManifest(manifest), 0));
  SPANDREL_RETURN_IF_ERROR(file->SyncAll());
  SPANDREL_RETURN_IF_ERROR(disk::RenameFile(fresh, path));
  return disk::SyncFolder(layout.root);
}

}  // namespace spandrel::columnar
