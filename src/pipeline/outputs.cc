// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs.h"

#include <thread>

namespace spandrel::pipeline {

// A reload is rare and a call short, so that looking again is better than a counter on the way of
// every batch.
void WaitUntilLeft(const std::vector<Left>& stages,
                   std::chrono::steady_clock::time_point deadline) {
  for (const Left& stage : stages) {
    while (!stage.expired() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

}  // namespace spandrel::pipeline
