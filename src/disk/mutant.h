// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace spandrel::disk {

// Bugs for the crash harness to find, so that it is known to find some (tests/crash). They exist
// only in its own program; everywhere else MutantIs is false when it is compiled.
enum class Mutant : uint8_t {
  kSkipLogSync,
  kSkipFolderSync,
  kSkipPartSync,
  kSkipManifestSync,
  kEarlyLogRelease,
  kEarlyInputRemoval,
  kAckBeforeWrite,
  kRetryFailedSync,
  kIgnoreFailedSync,
  kNoLogChecksum,
  kNoPartChecksum,
};

inline constexpr std::array<std::string_view, 11> kMutantNames = {
    "skip_log_sync",      "skip_folder_sync",    "skip_part_sync",   "skip_manifest_sync",
    "early_log_release",  "early_input_removal", "ack_before_write", "retry_failed_sync",
    "ignore_failed_sync", "no_log_checksum",     "no_part_checksum",
};

#ifdef SPANDREL_STORE_MUTANTS
bool MutantIs(Mutant mutant);
#else
consteval bool MutantIs(Mutant /*mutant*/) {
  return false;
}
#endif

}  // namespace spandrel::disk
