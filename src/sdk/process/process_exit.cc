// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/process_exit.h"

#include <atomic>

namespace spandrel::sdk {
namespace {

constinit std::atomic<bool> process_exits{false};

}  // namespace

bool ProcessExits() {
  return process_exits;
}

void NoteProcessExit() {
  process_exits = true;
}

}  // namespace spandrel::sdk
