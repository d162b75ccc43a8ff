// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "net/exchange/server_call.h"

namespace spandrel::server {

// Those who asked over HTTP that the configuration be read again: POST /-/reload. The work is done
// by the main thread, which a SIGHUP to this process wakes. Thread-safe.
class ReloadRequests {
 public:
  // Answers what must not ask; else keeps the call and wakes the main thread.
  void Add(std::shared_ptr<net::ServerCall> call);
  // Those that wait, in the order in which they came. Who asks later is answered by a later reload.
  std::vector<std::shared_ptr<net::ServerCall>> Take();

 private:
  base::Mutex mutex_;
  std::vector<std::shared_ptr<net::ServerCall>> waiting_ SPANDREL_GUARDED_BY(mutex_);
};

// Says how it went: 200; 400 with every mistake and its place when the file is wrong; 500 when
// something could not be made or started.
void AnswerReload(const std::vector<std::shared_ptr<net::ServerCall>>& calls,
                  const base::Status& outcome);

// /-/reload goes to `reload`, everything else to `other`.
net::Handler WithReload(net::Handler reload, net::Handler other);

// Whether an address as net writes it ("127.0.0.1:40112") is of this machine's loopback.
bool IsLoopbackPeer(std::string_view peer);

}  // namespace spandrel::server
