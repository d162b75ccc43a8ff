// SPDX-License-Identifier: Apache-2.0
#include "server/stores.h"

#include <filesystem>

#include "base/mutex.h"

namespace spandrel::server {
namespace {

std::string Canonical(const std::string& directory) {
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(directory, error);
  return error ? directory : path.string();
}

}  // namespace

base::Result<OpenStore> Stores::Open(columnar::EngineOptions options) {
  const std::string path = Canonical(options.directory);
  base::MutexLock lock(mutex_);
  if (const auto found = stores_.find(path); found != stores_.end()) return found->second;
  options.directory = path;
  options.create_directory = true;
  auto engine = columnar::Engine::Open(std::move(options), metrics_);
  if (!engine.ok()) return engine.status();
  return stores_[path] = OpenStore{path, *std::move(engine)};
}

base::Result<OpenStore> Stores::Only() const {
  base::MutexLock lock(mutex_);
  if (stores_.size() == 1) return stores_.begin()->second;
  return base::Status(base::StatusCode::kFailedPrecondition,
                      stores_.empty() ? "no exporter has a store; name one with `directory`"
                                      : "there are several stores; say which with `directory`");
}

void Stores::Close() {
  base::MutexLock lock(mutex_);
  for (auto& [directory, store] : stores_) store.engine->Close();
  stores_.clear();
}

}  // namespace spandrel::server
