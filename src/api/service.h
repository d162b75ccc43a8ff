// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "api/http/service_context.h"
#include "net/exchange/server_call.h"

namespace spandrel::api {

// Everything that Spandrel answers on its query port: the page, its API, Jaeger's APIs, /metrics
// and /health. Thread-safe.
class Service {
 public:
  explicit Service(ServiceContext context);
  ~Service();

  // For net::Server; may outlive the service's caller but not the service.
  net::Handler handler();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spandrel::api
