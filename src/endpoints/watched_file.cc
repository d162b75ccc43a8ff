// SPDX-License-Identifier: Apache-2.0
#include "endpoints/watched_file.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <fstream>
#include <utility>

namespace spandrel::endpoints {
namespace {

constexpr std::chrono::seconds kLookInterval{1};
constexpr size_t kMaxBytes = 4 << 20;

}  // namespace

WatchedFile::State WatchedFile::Look() const {
  struct stat found {};
  if (stat(path_.c_str(), &found) != 0) return {};
  return {found.st_mtim, found.st_size, found.st_ino};
}

base::Result<std::string> WatchedFile::Read() {
  looked_at_ = clock_.NowSteady();
  state_ = Look();
  const auto invalid = [this](std::string_view why) {
    return base::Status(base::StatusCode::kInvalidArgument, fmt::format("{}: {}", path_, why));
  };
  std::ifstream file(path_);
  if (!file) return invalid("cannot be read");
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return invalid("cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxBytes) return invalid("it is too large");
  return text;
}

bool WatchedFile::HasChanged() {
  const auto now = clock_.NowSteady();
  if (now - looked_at_ < kLookInterval) return false;
  looked_at_ = now;
  const State before = std::exchange(state_, Look());
  const bool same = state_.size == before.size && state_.inode == before.inode &&
                    state_.changed.tv_sec == before.changed.tv_sec &&
                    state_.changed.tv_nsec == before.changed.tv_nsec;
  return !same && state_.size >= 0;
}

}  // namespace spandrel::endpoints
