// SPDX-License-Identifier: Apache-2.0
#include "columnar/options/options.h"

#include <algorithm>
#include <array>
#include <utility>

namespace spandrel::columnar {
namespace {

using base::Status;
using base::StatusCode;

constexpr std::array<std::pair<std::string_view, Durability>, 3> kDurabilities = {{
    {"fsync", Durability::kFsync},
    {"os", Durability::kOs},
    {"memory", Durability::kMemory},
}};

// One head is filled, one is sealed, and two wait for a disk that is slow.
constexpr uint64_t kHeadsOfMemory = 4;
// What sealing takes, in bytes of a head; what joining row groups takes, in bytes of their
// messages.
constexpr uint64_t kSealingOfHead = 1;
constexpr uint64_t kMergingOfMessages = 2;

constexpr uint64_t kMaxLogFileBytes = uint64_t{2} << 30;
constexpr uint64_t kMaxPartSpans = uint64_t{64} << 20;

}  // namespace

std::string_view DurabilityName(Durability durability) {
  return kDurabilities[static_cast<size_t>(durability)].first;
}

void EngineOptions::UseMemory(const storage::StoreMemory& shares) {
  memory = shares;
  if (shares.heads != nullptr) {
    max_head_bytes = shares.heads->limit();
    seal_bytes = std::min(seal_bytes, max_head_bytes / kHeadsOfMemory);
    max_waiting_bytes = std::min(max_waiting_bytes, max_head_bytes / 2);
    group_commit_bytes = std::min(group_commit_bytes, max_waiting_bytes / 4);
  }
  if (shares.background_bytes == 0) return;
  seal_bytes = std::min(seal_bytes, uint64_t{shares.background_bytes} / kSealingOfHead);
  max_joined_bytes =
      std::min(max_joined_bytes, uint64_t{shares.background_bytes} / kMergingOfMessages);
}

Status EngineOptions::Validate() const {
  const auto invalid = [](const char* message) {
    return Status(StatusCode::kInvalidArgument, message);
  };
  if (directory.empty()) return invalid("directory: must not be empty");
  if (seal_bytes == 0 || seal_spans == 0) return invalid("seal_bytes, seal_spans: must not be 0");
  if (seal_age.count() <= 0) return invalid("seal_age: must be above 0");
  if (max_log_file_bytes < 4096 || max_log_file_bytes > kMaxLogFileBytes) {
    return invalid("max_log_file_bytes: must be from 4 KiB to 2 GiB");
  }
  if (log_idle.count() <= 0) return invalid("log_idle: must be above 0");
  if (merge_fan_in < 2) return invalid("merge_fan_in: must be at least 2");
  if (max_part_spans == 0 || max_part_spans > kMaxPartSpans || seal_spans > kMaxPartSpans) {
    return invalid("max_part_spans, seal_spans: must be from 1 to 64 Mi");
  }
  if (policy.keep_one_in == 0 || policy.keep_one_in > kMaxKeepOneIn) {
    return invalid("keep_one_in: must be from 1 to 10,000");
  }
  if (max_head_bytes < seal_bytes) return invalid("max_head_bytes: must not be below seal_bytes");
  return {};
}

}  // namespace spandrel::columnar
