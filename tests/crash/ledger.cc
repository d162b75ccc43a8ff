// SPDX-License-Identifier: Apache-2.0
#include "crash/ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace spandrel::crash {

base::Result<LedgerWriter> LedgerWriter::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return base::Status(base::StatusCode::kInternal, path + ": cannot open the ledger");
  return LedgerWriter(fd);
}

LedgerWriter::LedgerWriter(LedgerWriter&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LedgerWriter::~LedgerWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void LedgerWriter::Write(uint64_t record) const {
  // A ledger that misses something proves nothing.
  if (::write(fd_, &record, sizeof(record)) != sizeof(record)) std::abort();
}

uint64_t Ledger::acknowledged_count() const {
  return static_cast<uint64_t>(std::count_if(requests.begin(), requests.end(),
                                             [](const auto& request) { return request.second; }));
}

base::Status ReadLedger(const std::string& path, Ledger* ledger) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {base::StatusCode::kNotFound, path + ": cannot read the ledger"};
  uint64_t record = 0;
  while (file.read(reinterpret_cast<char*>(&record), sizeof(record))) {
    bool& acknowledged = ledger->requests[record >> 1];
    acknowledged = acknowledged || (record & 1) != 0;
  }
  return {};
}

}  // namespace spandrel::crash
