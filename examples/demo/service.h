// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "opentelemetry/trace/tracer.h"
#include "spandrel/httplib.h"
#include "spandrel/sdk.h"

namespace spandrel::demo {

using Tracer = opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer>;
using Span = opentelemetry::nostd::shared_ptr<opentelemetry::trace::Span>;

// One of the demo's services: its own tracer provider, as if it were a process of its own, and an
// HTTP server on 127.0.0.1.
class Service {
 public:
  Service(std::string_view name, const std::string& endpoint);
  ~Service() { Stop(); }

  // Handlers are registered between construction and Start.
  httplib::Server& server() { return server_; }
  // Port 0: any free one. False when the port is taken.
  bool Start(int port);
  // Answers what is under way, then sends the spans that are left.
  void Stop();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "http://" + address(); }
  Tracer tracer() const { return provider_.tracer_provider()->GetTracer("spandrel.demo"); }

  struct Answer {
    int status = 0;  // 0: none came
    std::string body;
  };
  // A traced GET of this service to another one.
  Answer Get(const std::string& url) const;

 private:
  sdk::Provider provider_;
  const http::Instrumentation tracing_;
  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
};

// Sleeps for `mean`, give or take a tenth.
void SleepAbout(std::chrono::milliseconds mean);

// "name":"value", which is all of JSON that the demo's services need.
std::string JsonField(std::string_view name, std::string_view value);

}  // namespace spandrel::demo
