// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace spandrel::journal {

// What is to be made durable, and who hears of it. Owns its bytes. Destroyed once it has completed.
class Record {
 public:
  virtual ~Record() = default;

  // Whose it is, when several share the log: up to kMaxLogKeySize bytes, written in front of the
  // payload; may be empty. Stays as long as the record.
  virtual std::string_view Key() const { return {}; }
  // Of the payload; of a log that is in memory only, what the record occupies there.
  virtual uint64_t byte_size() const = 0;
  // The payload in pieces, which stay as they are as long as the record. Not asked for by a log
  // that is in memory only.
  virtual std::vector<std::string_view> Payload() const = 0;

  // The record is as durable as the log makes it. Called on the log's thread in order of sequence,
  // for all records of a group before any of them completes; not called for one that is refused.
  virtual void Publish(uint64_t sequence) = 0;
  // Called once, from any thread: OK, UNAVAILABLE with a delay when the log has no room or cannot
  // be written, INVALID_ARGUMENT for a record that is too large. Must not block.
  virtual void Complete(const base::Status& status) = 0;
};

}  // namespace spandrel::journal
