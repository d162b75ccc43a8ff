// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include "base/status.h"
#include "net/http/http.h"

namespace spandrel::api {

// Where a handler puts its answer: Start, any number of Writes, Finish; or Send, or Fail. One
// thread at a time. Whatever is called after the answer has ended does nothing.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;

  // Status and headers. They go out with the first bytes, not before.
  virtual void Start(int status, net::Headers headers) = 0;
  // The next bytes of the body, of any number. Waits while too many wait for the reader. An error
  // says that nobody reads any more: there is no use in going on.
  virtual base::Status Write(std::string_view bytes) = 0;
  virtual void Finish() = 0;
  // Gives up: the answer is `response` instead as long as nothing has gone out, and cut off in a
  // way that the reader notices once something has.
  virtual void Fail(net::Response response) = 0;

  // A whole answer.
  void Send(net::Response response) {
    Start(response.status, std::move(response.headers));
    if (Write(response.body).ok()) Finish();
  }
};

}  // namespace spandrel::api
