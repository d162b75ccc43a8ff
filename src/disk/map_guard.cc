// SPDX-License-Identifier: Apache-2.0
#include "disk/map_guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/mutex.h"

namespace spandrel::disk {

// A range and a version that is odd while the range is being changed. The handler may run in the
// middle of a change, on any thread; the slot of the map that faults is not being changed, since
// its reader would read what is not mapped.
struct MapSlot {
  std::atomic<uint32_t> version{0};
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  std::atomic<bool> failed{false};
  MapSlot* next_free = nullptr;  // guarded by the table's mutex
};
static_assert(std::atomic<uintptr_t>::is_always_lock_free);

namespace {

struct SlotBlock {
  std::array<MapSlot, 64> slots;
  SlotBlock* next = nullptr;
};

// All slots there ever were. Blocks are only added, in front, and never freed.
std::atomic<SlotBlock*> first_block{nullptr};
struct sigaction previous_action;
uintptr_t page_size = 0;

base::Mutex& TableMutex() {
  static auto* const mutex = new base::Mutex;  // maps may outlive static objects
  return *mutex;
}
MapSlot* free_slots SPANDREL_GUARDED_BY(TableMutex()) = nullptr;

bool Covers(const MapSlot& slot, uintptr_t address) {
  const uint32_t version = slot.version.load(std::memory_order_acquire);
  if (version % 2 != 0) return false;
  const bool inside = slot.begin.load(std::memory_order_acquire) <= address &&
                      address < slot.end.load(std::memory_order_acquire);
  return inside && slot.version.load(std::memory_order_relaxed) == version;
}

MapSlot* FindSlot(uintptr_t address) {
  for (SlotBlock* block = first_block.load(std::memory_order_acquire); block != nullptr;
       block = block->next) {
    for (MapSlot& slot : block->slots) {
      if (Covers(slot, address)) return &slot;
    }
  }
  return nullptr;
}

// By the bare system call: what sanitizers put around mmap may not run in a signal handler.
bool ReplacePage(uintptr_t address) {
  const uintptr_t page = address & ~(page_size - 1);
  const long got = ::syscall(SYS_mmap, page, page_size, PROT_READ,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return got == static_cast<long>(page);
}

void PassOn(int signal, siginfo_t* info, void* context) {
  if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal, info, context);
    return;
  }
  const bool was_sent = info->si_code <= 0;
  if (previous_action.sa_handler == SIG_IGN && was_sent) return;
  if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN) {
    previous_action.sa_handler(signal);
    return;
  }
  // The default action. A fault happens again on return and ends the process where it began.
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(SIGBUS, &standard, nullptr);
  if (was_sent) ::raise(signal);
}

void OnBusError(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  MapSlot* const slot = info->si_code > 0 ? FindSlot(address) : nullptr;
  if (slot != nullptr) slot->failed.store(true, std::memory_order_release);
  if (slot == nullptr || !ReplacePage(address)) PassOn(signal, info, context);
  errno = error;
}

void InstallHandler() {
  page_size = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  // Read before ours is there, so that the handler never sees it half written.
  ::sigaction(SIGBUS, nullptr, &previous_action);
  struct sigaction ours {};
  ours.sa_sigaction = &OnBusError;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  ::sigemptyset(&ours.sa_mask);
  ::sigaction(SIGBUS, &ours, nullptr);
}

MapSlot* TakeSlot() SPANDREL_REQUIRES(TableMutex()) {
  if (free_slots == nullptr) {
    auto* const block = new SlotBlock;
    for (MapSlot& slot : block->slots) slot.next_free = std::exchange(free_slots, &slot);
    block->next = first_block.load(std::memory_order_relaxed);
    if (block->next == nullptr) InstallHandler();
    first_block.store(block, std::memory_order_release);
  }
  return std::exchange(free_slots, free_slots->next_free);
}

void SetRange(MapSlot* slot, uintptr_t begin, uintptr_t end) {
  const uint32_t version = slot->version.load(std::memory_order_relaxed);
  slot->version.store(version + 1, std::memory_order_relaxed);
  slot->begin.store(begin, std::memory_order_release);
  slot->end.store(end, std::memory_order_release);
  slot->version.store(version + 2, std::memory_order_release);
}

}  // namespace

MapGuard::MapGuard(std::string_view range) {
  if (range.empty()) return;
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  base::MutexLock lock(TableMutex());
  slot_ = TakeSlot();
  slot_->failed.store(false, std::memory_order_relaxed);
  const uintptr_t end = begin + range.size();
  SetRange(slot_, begin, (end + page_size - 1) & ~(page_size - 1));
}

MapGuard::~MapGuard() {
  if (slot_ == nullptr) return;
  base::MutexLock lock(TableMutex());
  SetRange(slot_, 0, 0);
  slot_->next_free = std::exchange(free_slots, slot_);
}

bool MapGuard::failed() const {
  return slot_ != nullptr && slot_->failed.load(std::memory_order_acquire);
}

}  // namespace spandrel::disk
