// SPDX-License-Identifier: Apache-2.0
#include "net/socket/asio_runtime.h"

#include <signal.h>

#include <algorithm>
#include <cctype>

#include "base/thread.h"
#include "net/socket/endpoint.h"
namespace spandrel::net {
namespace {

// Signals are for the threads of the program that we are part of; crashes stay where they happen.
void BlockSignals() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int crash : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) {
    sigdelset(&signals, crash);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

IoRuntime::IoRuntime(size_t threads) : impl_(std::make_unique<Impl>(std::max<size_t>(threads, 1))) {
  for (size_t i = 0; i < std::max<size_t>(threads, 1); ++i) {
    impl_->threads.emplace_back([this] {
      base::NameThisThread("spandrel-io");
      BlockSignals();
      impl_->context.run();
    });
  }
}

IoRuntime::~IoRuntime() {
  impl_->work.reset();
  impl_->context.stop();
  for (std::thread& thread : impl_->threads) thread.join();
}

void IoRuntime::ReadTlsFilesAgain() {
  impl_->tls_generation.fetch_add(1);
}

std::string ErrorText(const ErrorCode& error) {
  std::string text = error.message();
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string AddressText(const Tcp::endpoint& address) {
  return Endpoint{address.address().to_string(), address.port()}.ToString();
}

}  // namespace spandrel::net
