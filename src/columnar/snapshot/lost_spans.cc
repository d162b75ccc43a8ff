// SPDX-License-Identifier: Apache-2.0
#include "columnar/snapshot/lost_spans.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <system_error>

#include "columnar/part/read/part.h"
#include "disk/directory.h"
#include "disk/file.h"

namespace spandrel::columnar {
namespace {

using base::Result;

constexpr std::string_view kLostMark = ".part.lost-";

uint64_t PlaceOf(const std::string& path) {
  return std::hash<std::string>()(path);
}

// What the name of a file says that is lost with it.
std::optional<uint64_t> LostByName(const std::string& path) {
  const size_t mark = path.rfind(kLostMark);
  if (mark == path.npos) return std::nullopt;
  uint64_t spans = 0;
  const char* const begin = path.data() + mark + kLostMark.size();
  const auto read = std::from_chars(begin, path.data() + path.size(), spans);
  if (read.ec != std::errc()) return std::nullopt;
  return spans;
}

// Calls `visit` for each file of the folder whose name has `mark` in it; best effort.
void ForEachFile(const std::string& folder, std::string_view mark,
                 const std::function<void(const std::string& path)>& visit) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    if (name.find(mark) != name.npos) visit(at->path());
  }
}

}  // namespace

base::Status MarkAsLost(const std::string& path, const std::string& quarantine) {
  const std::string name = std::filesystem::path(path).filename();
  const auto made = disk::File::Create(quarantine + "/" + name + ".missing.quarantine");
  const bool is_there = made.ok() || made.status().code() == base::StatusCode::kAlreadyExists;
  return is_there ? disk::SyncFolder(quarantine) : made.status();
}

Result<LostSpans> KeepRest(const std::string& path, const std::string& quarantine,
                           uint64_t lost_spans) {
  const std::string name = std::filesystem::path(path).stem();
  const std::string kept =
      fmt::format("{}/{}{}{}.quarantine", quarantine, name, kLostMark, lost_spans);
  if (::link(path.c_str(), kept.c_str()) != 0 && errno != EEXIST) {
    return disk::DiskError(kept, errno);
  }
  SPANDREL_RETURN_IF_ERROR(disk::SyncFolder(quarantine));
  return LostSpans{PlaceOf(kept), lost_spans};
}

LostSpans LostPart(const std::string& path) {
  if (const auto spans = LostByName(path)) return {PlaceOf(path), *spans};
  const auto part = Part::Open(path, 0);
  if (!part.ok()) return {PlaceOf(path), 1};
  return {PlaceOf(path), (*part)->footer().row_count + (*part)->file().lost_spans()};
}

std::vector<LostSpans> FindLostParts(const std::string& quarantine) {
  std::vector<LostSpans> lost;
  ForEachFile(quarantine, ".part.",
              [&lost](const std::string& path) { lost.push_back(LostPart(path)); });
  return lost;
}

uint64_t CountLostRequests(const std::string& quarantine) {
  uint64_t places = 0;
  ForEachFile(quarantine, ".log.", [&places](const std::string& /*path*/) { ++places; });
  return places;
}

}  // namespace spandrel::columnar
