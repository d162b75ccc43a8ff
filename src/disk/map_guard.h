// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

namespace spandrel::disk {

// What the signal handler knows about one map.
struct MapSlot;

// Lets a process outlive read errors below a map of a file: where the kernel cannot read a page (a
// bad disk, a file cut short by somebody) it raises SIGBUS, which would end the process. With a
// guard the page becomes zeros and the map counts as failed from then on. SIGBUS elsewhere goes to
// the handler that was there before, or ends the process as usual.
//
// The first guard installs the process's SIGBUS handler. A guard must exist before its range is
// read and go before the range is unmapped. Any thread.
class MapGuard {
 public:
  // Of a range of whole pages that is mapped. An empty range is not guarded.
  explicit MapGuard(std::string_view range);

  MapGuard(MapGuard&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
  MapGuard(const MapGuard&) = delete;
  MapGuard& operator=(const MapGuard&) = delete;
  MapGuard& operator=(MapGuard&&) = delete;
  ~MapGuard();

  // True once a page could not be read. Never goes back to false. Whoever has read the range and
  // then finds false here has read what is in the file.
  bool failed() const;

 private:
  MapSlot* slot_ = nullptr;
};

}  // namespace spandrel::disk
