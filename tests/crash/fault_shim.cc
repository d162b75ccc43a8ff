// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

#include "fault_plan.h"
#include "power_cut.h"
#include "real_calls.h"

// Loaded before the C library (LD_PRELOAD), it stands between a program and the system calls that
// change files below one directory. It counts them over all threads, so that "the n-th call" is one
// place of the whole program (strace counts in each thread), and at the planned one it kills the
// process, cuts the power or lets the call fail. It also watches that a file whose sync failed is
// never synced again.
namespace spandrel::crash {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int ErrorOf(std::string_view action) {
  if (action == "EIO") return EIO;
  if (action == "ENOSPC") return ENOSPC;
  if (action == "EMFILE") return EMFILE;
  if (action == "EINTR") return EINTR;
  return 0;
}

// What a call is to do.
enum class Verdict : uint8_t { kProceed, kFail, kHalf };

class Shim {
 public:
  static Shim& Get() {
    static Shim* const shim = new Shim;
    return *shim;
  }

  std::mutex& mutex() { return mutex_; }
  DurableState& durable() { return durable_; }

  bool Watches(const char* path) const {
    return !plan_.root.empty() && std::string_view(path).starts_with(plan_.root);
  }

  // The path of an open file below the root; empty for any other.
  std::string WatchedPath(int fd) const {
    if (plan_.root.empty()) return {};
    std::array<char, 4096> path{};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t size = ::readlink(link.c_str(), path.data(), path.size() - 1);
    return size > 0 && Watches(path.data()) ? std::string(path.data()) : std::string();
  }

  // With mutex() held. May not return. Sets errno when the call is to fail.
  Verdict Decide(std::string_view call, std::string_view path) {
    const bool counts = plan_.call == call || (plan_.call == "any" && call != "read");
    if (!counts) return Verdict::kProceed;
    ++calls_;
    if (plan_.sticky ? calls_ < plan_.at : calls_ != plan_.at) return Verdict::kProceed;
    Report(call, path);
    if (plan_.action == "kill") Die();
    if (plan_.action == "cut" || plan_.action == "mixed") CutPower();
    if (plan_.action == "short" || plan_.action == "torn") {
      return call == "write" ? Verdict::kHalf : Verdict::kProceed;
    }
    errno = ErrorOf(plan_.action);
    return errno == 0 ? Verdict::kProceed : Verdict::kFail;
  }

  void Report(std::string_view call, std::string_view path) const {
    const RealCalls& real = RealCalls::Get();
    const int fd = real.open(plan_.report.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    std::string line(call);
    line.append(" ").append(path.substr(std::min(path.size(), plan_.root.size()))).append(" ");
    line.append(std::to_string(calls_)).append(" ").append(plan_.action).append("\n");
    if (fd < 0 || ::write(fd, line.data(), line.size()) < 0) std::abort();
    ::close(fd);
  }

  // After the half of a write was done.
  void AfterHalf() const {
    if (plan_.action == "torn") Die();
  }

  void NoteFailedSync(int fd) { failed_syncs_.insert(InodeOf(fd)); }
  void NoteCreated(int fd) {
    failed_syncs_.erase(InodeOf(fd));
    durable_.NoteCreated(fd);
  }
  bool SyncFailed(int fd) const { return failed_syncs_.contains(InodeOf(fd)); }

  // A run that went on after an error ends with a power cut as well.
  void AtExit() {
    std::lock_guard lock(mutex_);
    if (!plan_.image.empty() && ErrorOf(plan_.action) != 0)
      durable_.WriteImage(plan_.image, nullptr);
  }

 private:
  Shim() : plan_(FaultPlan::FromEnvironment()) {
    if (!plan_.image.empty()) durable_.Start(plan_.root);
  }

  static ino_t InodeOf(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
  }

  [[noreturn]] static void Die() {
    ::raise(SIGKILL);
    std::abort();
  }

  [[noreturn]] void CutPower() {
    std::mt19937_64 random(plan_.seed);
    durable_.WriteImage(plan_.image, plan_.action == "mixed" ? &random : nullptr);
    Die();
  }

  const FaultPlan plan_;
  std::mutex mutex_;
  DurableState durable_;
  uint64_t calls_ = 0;
  std::set<ino_t> failed_syncs_;
};

// What all calls on open files have in common.
template <typename Call>
auto OnFile(const char* name, int fd, Call&& proceed) -> decltype(proceed()) {
  Shim& shim = Shim::Get();
  const std::string path = shim.WatchedPath(fd);
  if (path.empty()) return proceed();
  std::lock_guard lock(shim.mutex());
  return shim.Decide(name, path) == Verdict::kFail ? decltype(proceed())(-1) : proceed();
}

template <typename Call>
int OnPath(const char* name, const char* path, Call&& proceed) {
  Shim& shim = Shim::Get();
  if (!shim.Watches(path)) return proceed();
  std::lock_guard lock(shim.mutex());
  return shim.Decide(name, path) == Verdict::kFail ? -1 : proceed();
}

// A write of half of the bytes, at least one.
ssize_t WriteHalf(int fd, const iovec* parts, int count, off_t offset) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  return RealCalls::Get().pwrite(fd, bytes.data(), (bytes.size() + 1) / 2, offset);
}

ssize_t Write(int fd, const iovec* parts, int count, off_t offset) {
  Shim& shim = Shim::Get();
  const std::string path = shim.WatchedPath(fd);
  if (path.empty()) return RealCalls::Get().pwritev(fd, parts, count, offset);
  std::lock_guard lock(shim.mutex());
  const Verdict verdict = shim.Decide("write", path);
  if (verdict == Verdict::kFail) return -1;
  if (verdict == Verdict::kProceed) return RealCalls::Get().pwritev(fd, parts, count, offset);
  const ssize_t written = WriteHalf(fd, parts, count, offset);
  shim.AfterHalf();
  return written;
}

int Sync(int fd, int (*sync)(int)) {
  Shim& shim = Shim::Get();
  const std::string path = shim.WatchedPath(fd);
  if (path.empty()) return sync(fd);
  std::lock_guard lock(shim.mutex());
  struct stat info {};
  const bool is_folder = ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
  if (!is_folder && shim.SyncFailed(fd)) shim.Report("RETRIED", path);
  if (shim.Decide("sync", path) == Verdict::kFail) {
    if (!is_folder) shim.NoteFailedSync(fd);
    return -1;
  }
  const int result = sync(fd);
  if (result == 0 && is_folder) shim.durable().NoteFolderSynced(path);
  // Pages whose write failed count as clean afterwards: a later sync does not write them.
  if (result == 0 && !is_folder && !shim.SyncFailed(fd)) shim.durable().NoteFileSynced(fd);
  return result;
}

int Open(const char* path, int flags, mode_t mode) {
  Shim& shim = Shim::Get();
  const RealCalls& real = RealCalls::Get();
  if (!shim.Watches(path)) return real.open(path, flags, mode);
  std::lock_guard lock(shim.mutex());
  if (shim.Decide("open", path) == Verdict::kFail) return -1;
  const bool may_create = (flags & O_CREAT) != 0 && ::access(path, F_OK) != 0;
  const int fd = real.open(path, flags, mode);
  if (fd >= 0 && may_create) shim.NoteCreated(fd);
  return fd;
}

void MakeLastImage() {
  Shim::Get().AtExit();
}

__attribute__((constructor)) void Start() {
  Shim::Get();
  std::atexit(MakeLastImage);
  std::at_quick_exit(MakeLastImage);
}

}  // namespace

FaultPlan FaultPlan::FromEnvironment() {
  FaultPlan plan;
  plan.root = Variable("SPANDREL_FAULT_ROOT");
  plan.call = Variable("SPANDREL_FAULT_CALL");
  plan.at = std::strtoull(Variable("SPANDREL_FAULT_AT").c_str(), nullptr, 10);
  plan.sticky = Variable("SPANDREL_FAULT_STICKY") == "1";
  plan.action = Variable("SPANDREL_FAULT_ACTION");
  plan.seed = std::strtoull(Variable("SPANDREL_FAULT_SEED").c_str(), nullptr, 10);
  plan.image = Variable("SPANDREL_FAULT_IMAGE");
  plan.report = Variable("SPANDREL_FAULT_REPORT");
  return plan;
}

}  // namespace spandrel::crash

using spandrel::crash::OnFile;
using spandrel::crash::OnPath;
using spandrel::crash::RealCalls;

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return spandrel::crash::Open(path, flags, mode);
}

ssize_t pread(int fd, void* bytes, size_t size, off_t offset) {
  return OnFile("read", fd, [&] { return RealCalls::Get().pread(fd, bytes, size, offset); });
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  const iovec part{const_cast<void*>(bytes), size};
  return spandrel::crash::Write(fd, &part, 1, offset);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  return spandrel::crash::Write(fd, parts, count, offset);
}

int fsync(int fd) {
  return spandrel::crash::Sync(fd, RealCalls::Get().fsync);
}

int fdatasync(int fd) {
  return spandrel::crash::Sync(fd, RealCalls::Get().fdatasync);
}

int ftruncate(int fd, off_t size) noexcept {
  return OnFile("truncate", fd, [&] { return RealCalls::Get().ftruncate(fd, size); });
}

int truncate(const char* path, off_t size) noexcept {
  return OnPath("truncate", path, [&] { return RealCalls::Get().truncate(path, size); });
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
  return OnFile("allocate", fd, [&] { return RealCalls::Get().fallocate(fd, mode, offset, size); });
}

int rename(const char* from, const char* to) noexcept {
  return OnPath("rename", from, [&] { return RealCalls::Get().rename(from, to); });
}

int unlink(const char* path) noexcept {
  return OnPath("unlink", path, [&] { return RealCalls::Get().unlink(path); });
}

}  // extern "C"
