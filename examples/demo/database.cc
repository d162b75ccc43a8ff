// SPDX-License-Identifier: Apache-2.0
#include "database.h"

#include <algorithm>

#include "opentelemetry/baggage/baggage_context.h"
#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/trace/span_startoptions.h"

namespace spandrel::demo {
namespace {

// The name that the frontend gave to the request; it came along in the `baggage` header.
std::string RequestName() {
  std::string name = "unknown";
  const auto current = opentelemetry::context::RuntimeContext::GetCurrent();
  opentelemetry::baggage::GetBaggage(current)->GetValue("request", name);
  return name;
}

std::string Join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += text.empty() ? name : ", " + name;
  return text;
}

}  // namespace

void Database::Select(const std::string& statement, const std::string& table) {
  opentelemetry::trace::StartSpanOptions options;
  options.kind = opentelemetry::trace::SpanKind::kClient;
  const std::string request = RequestName();
  const Span span = tracer_->StartSpan("SELECT " + table,
                                       {{"db.system.name", "mysql"},
                                        {"db.namespace", "rides"},
                                        {"db.operation.name", "SELECT"},
                                        {"db.collection.name", table},
                                        {"db.query.text", statement},
                                        {"server.address", "mysql"},
                                        {"demo.request", request}},
                                       options);
  if (one_connection_) TakeConnection(span, request);
  SleepAbout(delay_);
  if (one_connection_) ReturnConnection();
  span->End();
}

void Database::TakeConnection(const Span& span, const std::string& request) {
  std::unique_lock lock(mutex_);
  if (!queue_.empty()) {
    span->AddEvent("waiting for the connection",
                   {{"demo.waiting_behind", Join(queue_)},
                    {"demo.queue_length", static_cast<int64_t>(queue_.size())}});
  }
  queue_.push_back(request);
  returned_.wait(lock, [this] { return !taken_; });
  taken_ = true;
  span->AddEvent("connection acquired");
  const auto ours = std::find(queue_.begin(), queue_.end(), request);
  std::rotate(queue_.begin(), ours, ours + 1);
}

void Database::ReturnConnection() {
  std::lock_guard lock(mutex_);
  taken_ = false;
  queue_.erase(queue_.begin());
  returned_.notify_one();
}

}  // namespace spandrel::demo
