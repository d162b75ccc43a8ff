// SPDX-License-Identifier: Apache-2.0
#include "server/process/ready_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/mutex.h"

namespace spandrel::server {

void Addresses::Set(const std::string& name, const net::Endpoint& endpoint) {
  base::MutexLock lock(mutex_);
  addresses_[name] = endpoint.ToString();
}

std::string Addresses::Get(const std::string& name) const {
  base::MutexLock lock(mutex_);
  const auto found = addresses_.find(name);
  return found == addresses_.end() ? "" : found->second;
}

std::map<std::string, std::string> Addresses::All() const {
  base::MutexLock lock(mutex_);
  return addresses_;
}

void Addresses::SetWarnings(std::vector<std::string> warnings) {
  base::MutexLock lock(mutex_);
  warnings_ = std::move(warnings);
}

std::vector<std::string> Addresses::Warnings() const {
  base::MutexLock lock(mutex_);
  return warnings_;
}

base::Status WriteReadyFile(const std::string& path, const Addresses& addresses) {
  const std::string unfinished = path + ".tmp";
  std::ofstream file(unfinished, std::ios::trunc);
  file << '{';
  for (const auto& [name, address] : addresses.All()) {
    file << fmt::format("\"{}\": \"{}\", ", name, address);
  }
  file << fmt::format("\"pid\": {}}}\n", getpid());
  file.close();
  if (!file || std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return {base::StatusCode::kUnavailable,
            fmt::format("--ready-file {}: {}", path, std::strerror(errno))};
  }
  return {};
}

}  // namespace spandrel::server
