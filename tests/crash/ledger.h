// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"

namespace spandrel::crash {

// What a sender knows: the numbers of the requests that it sent, and of those that were
// acknowledged. A file of 8-byte records, written with one system call each, so that nothing is
// left behind in a process that is killed. Thread-safe.
class LedgerWriter {
 public:
  static base::Result<LedgerWriter> Open(const std::string& path);
  LedgerWriter(LedgerWriter&& other) noexcept;
  LedgerWriter(const LedgerWriter&) = delete;
  LedgerWriter& operator=(const LedgerWriter&) = delete;
  LedgerWriter& operator=(LedgerWriter&&) = delete;
  ~LedgerWriter();

  // To be called before the request leaves.
  void NoteSent(uint64_t number) { Write(number << 1); }
  void NoteAcknowledged(uint64_t number) { Write(number << 1 | 1); }

 private:
  explicit LedgerWriter(int fd) : fd_(fd) {}
  void Write(uint64_t record) const;
  int fd_;
};

struct Ledger {
  // True for requests that were acknowledged; by number.
  std::map<uint64_t, bool> requests;
  uint64_t acknowledged_count() const;
  // A number above all that were sent.
  uint64_t next_number() const { return requests.empty() ? 1 : requests.rbegin()->first + 1; }
};

// Adds what is in the file to `ledger`.
base::Status ReadLedger(const std::string& path, Ledger* ledger);

}  // namespace spandrel::crash
