// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace spandrel::crash {

// The C library's own functions behind those that the shim puts in front of them.
struct RealCalls {
  int (*open)(const char*, int, ...);
  ssize_t (*pread)(int, void*, size_t, off_t);
  ssize_t (*pwrite)(int, const void*, size_t, off_t);
  ssize_t (*pwritev)(int, const iovec*, int, off_t);
  int (*fsync)(int);
  int (*fdatasync)(int);
  int (*ftruncate)(int, off_t);
  int (*truncate)(const char*, off_t);
  int (*fallocate)(int, int, off_t, off_t);
  int (*rename)(const char*, const char*);
  int (*unlink)(const char*);

  static const RealCalls& Get() {
    static const RealCalls calls = Find();
    return calls;
  }

 private:
  template <typename Function>
  static void Find(const char* name, Function* function) {
    *function = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
  }
  static RealCalls Find() {
    RealCalls calls{};
    Find("open", &calls.open);
    Find("pread", &calls.pread);
    Find("pwrite", &calls.pwrite);
    Find("pwritev", &calls.pwritev);
    Find("fsync", &calls.fsync);
    Find("fdatasync", &calls.fdatasync);
    Find("ftruncate", &calls.ftruncate);
    Find("truncate", &calls.truncate);
    Find("fallocate", &calls.fallocate);
    Find("rename", &calls.rename);
    Find("unlink", &calls.unlink);
    return calls;
  }
};

}  // namespace spandrel::crash
