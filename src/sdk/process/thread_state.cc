// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/thread_state.h"

namespace spandrel::sdk {
namespace {

void FreeNodes(FreeList& list) {
  while (list.head != nullptr) {
    FreeList::Node* const next = list.head->next;
    ::operator delete(list.head);
    list.head = next;
  }
  list.count = 0;
}

struct ExitHook {
  ~ExitHook() {
    t_thread.exiting = true;
    FreeNodes(t_thread.recording_spans);
    FreeNodes(t_thread.unsampled_spans);
    FreeNodes(t_thread.remote_spans);
    FreeNodes(t_thread.trace_state_texts);
    if (t_thread.return_slots != nullptr) t_thread.return_slots();
  }
  bool armed = false;
};

thread_local ExitHook t_exit_hook;

}  // namespace

constinit thread_local ThreadState t_thread;

void HookThreadExit() {
  t_exit_hook.armed = true;
  t_thread.hooked = true;
}

}  // namespace spandrel::sdk
