// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/parallel.h"

#include <atomic>
#include <system_error>
#include <thread>

#include "base/thread.h"

namespace spandrel::columnar {
namespace {

using base::Status;

// Row groups from which on a second thread pays.
constexpr size_t kMinForHelper = 4;

}  // namespace

Status RunInParallel(size_t count, const std::function<Status(bool is_helper, size_t i)>& work) {
  std::atomic<size_t> taken{0};
  std::atomic<bool> failed{false};
  const auto run = [&](bool is_helper) {
    Status status;
    for (size_t i = 0; taken.fetch_add(1) < count && !failed.load(); ++i) {
      status = work(is_helper, is_helper ? count - 1 - i : i);
      if (!status.ok()) {
        failed.store(true);
        break;
      }
    }
    return status;
  };
  Status of_helper;
  std::thread helper;
  if (count >= kMinForHelper && std::thread::hardware_concurrency() > 1) {
    try {
      helper = std::thread([&] {
        base::NameThisThread("spandrel-read");
        of_helper = run(true);
      });
    } catch (const std::system_error&) {
      // The system has no thread to spare: the caller does it all.
    }
  }
  Status status = run(false);
  if (helper.joinable()) helper.join();
  return status.ok() ? of_helper : status;
}

}  // namespace spandrel::columnar
