// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which mutex guards what, for clang to check (-Wthread-safety, which `make check` runs); nothing
// to other compilers. https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#if defined(__clang__)
#define SPANDREL_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SPANDREL_THREAD_ATTRIBUTE(x)
#endif

// Of data: it is read and written only while `mutex` is held; of a pointer: what it points to.
#define SPANDREL_GUARDED_BY(mutex) SPANDREL_THREAD_ATTRIBUTE(guarded_by(mutex))
#define SPANDREL_PT_GUARDED_BY(mutex) SPANDREL_THREAD_ATTRIBUTE(pt_guarded_by(mutex))
// Of a mutex: it is taken after these.
#define SPANDREL_ACQUIRED_AFTER(...) SPANDREL_THREAD_ATTRIBUTE(acquired_after(__VA_ARGS__))
// Of a function: its caller holds these, or holds none of them.
#define SPANDREL_REQUIRES(...) SPANDREL_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define SPANDREL_EXCLUDES(...) SPANDREL_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
// Of a function: it takes these and keeps them, or gives them back.
#define SPANDREL_ACQUIRE(...) SPANDREL_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define SPANDREL_RELEASE(...) SPANDREL_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define SPANDREL_TRY_ACQUIRE(...) SPANDREL_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define SPANDREL_ACQUIRE_SHARED(...) \
  SPANDREL_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define SPANDREL_RELEASE_SHARED(...) \
  SPANDREL_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define SPANDREL_RELEASE_GENERIC(...) \
  SPANDREL_THREAD_ATTRIBUTE(release_generic_capability(__VA_ARGS__))
// Of a class: a mutex, or what holds one for a scope.
#define SPANDREL_CAPABILITY(name) SPANDREL_THREAD_ATTRIBUTE(capability(name))
#define SPANDREL_SCOPED_CAPABILITY SPANDREL_THREAD_ATTRIBUTE(scoped_lockable)
// Of a function that is right for a reason the analysis cannot see; say the reason beside it.
#define SPANDREL_NO_THREAD_SAFETY_ANALYSIS SPANDREL_THREAD_ATTRIBUTE(no_thread_safety_analysis)
