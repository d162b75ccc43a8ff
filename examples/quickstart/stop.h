// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <thread>

// Ctrl-C and SIGTERM end the server's listen(), so that main returns and the tracer sends what it
// still holds: by default they end the process on the spot. To be called before other threads
// start.
template <typename Server>
void StopOnSignal(Server& server) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // for all threads, which inherit it
  std::thread([signals, &server] {
    int signal = 0;
    sigwait(&signals, &signal);
    server.stop();
  }).detach();
}
