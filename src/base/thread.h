// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <cstddef>

namespace spandrel::base {

// What a thread is called where the system lists threads (ps, top, gdb, /proc): a literal of at
// most 15 characters, which is what Linux keeps. A thread without a name has that of its starter,
// so every thread that we start names itself first.
class ThreadName {
 public:
  template <size_t size>
  consteval ThreadName(const char (&name)[size]) : name_(name) {  // NOLINT: literals convert
    static_assert(size > 1 && size <= 16, "Linux keeps 15 characters");
  }
  const char* c_str() const { return name_; }

 private:
  const char* name_;
};

inline void NameThisThread(ThreadName name) {
  pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace spandrel::base
