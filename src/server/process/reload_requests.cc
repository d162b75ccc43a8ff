// SPDX-License-Identifier: Apache-2.0
#include "server/process/reload_requests.h"

#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "net/http/text_response.h"

namespace spandrel::server {
namespace {

constexpr size_t kMaxWaiting = 64;

}  // namespace

bool IsLoopbackPeer(std::string_view peer) {
  return peer.starts_with("127.") || peer.starts_with("[::1]:") || peer.starts_with("[::ffff:127.");
}

void ReloadRequests::Add(std::shared_ptr<net::ServerCall> call) {
  const net::Request& request = call->request();
  if (request.method != "POST") {
    net::Response response = net::TextResponse(405, "use POST");
    response.headers.emplace_back("allow", "POST");
    return call->Respond(std::move(response));
  }
  // Where listeners ask for authentication, one who has passed it may ask from elsewhere too.
  const bool is_from_page = !net::FindHeader(request.headers, "origin").empty();
  if (is_from_page || !IsLoopbackPeer(request.peer)) {
    return call->Respond(net::TextResponse(403, "only for programs on this machine"));
  }
  {
    base::MutexLock lock(mutex_);
    if (waiting_.size() >= kMaxWaiting) {
      return call->Respond(net::TextResponse(503, "too many wait for a reload"));
    }
    waiting_.push_back(std::move(call));
  }
  kill(getpid(), SIGHUP);
}

std::vector<std::shared_ptr<net::ServerCall>> ReloadRequests::Take() {
  base::MutexLock lock(mutex_);
  return std::exchange(waiting_, {});
}

void AnswerReload(const std::vector<std::shared_ptr<net::ServerCall>>& calls,
                  const base::Status& outcome) {
  const bool is_wrong = outcome.code() == base::StatusCode::kInvalidArgument;
  const int status = outcome.ok() ? 200 : is_wrong ? 400 : 500;
  for (const auto& call : calls) {
    call->Respond(net::TextResponse(status, outcome.ok() ? "reloaded" : outcome.message()));
  }
}

net::Handler WithReload(net::Handler reload, net::Handler other) {
  return [reload = std::move(reload),
          other = std::move(other)](std::shared_ptr<net::ServerCall> call) {
    const bool is_reload = call->request().path == "/-/reload";
    (is_reload ? reload : other)(std::move(call));
  };
}

}  // namespace spandrel::server
