// SPDX-License-Identifier: Apache-2.0
#include "sdk/sampling/jaeger_sampler.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "sdk/process/io_thread.h"

namespace spandrel::sdk {
namespace {

using std::chrono::steady_clock;

constexpr uint16_t kDefaultPort = 5778;
constexpr std::chrono::seconds kTimeout{5};
constexpr size_t kMaxAnswerBytes = 1 << 20;

std::string TargetOf(const base::Result<EndpointUrl>& url, std::string_view service_name) {
  const std::string path = url.ok() && !url->path.empty() ? url->path : "/sampling";
  const char* const separator = path.find('?') == std::string::npos ? "?" : "&";
  return path + separator + "service=" + net::PercentEncode(service_name);
}

net::Request RequestFor(const std::string& target, const EndpointUrl& url) {
  net::Request request;
  request.method = "GET";
  request.target = target;
  request.path = target.substr(0, target.find('?'));
  request.authority = url.endpoint.ToString();
  request.headers = {{"accept", "application/json"}};
  return request;
}

}  // namespace

JaegerSampler::JaegerSampler(const JaegerRemoteOptions& options, std::string_view service_name)
    : options_(options),
      url_(ParseEndpointUrl(options.endpoint, kDefaultPort)),
      target_(TargetOf(url_, service_name)) {
  state_->strategy = std::make_shared<JaegerStrategy>(options.initial_ratio);
  if (url_.ok()) return;
  base::LogWarn("spandrel sdk: Jaeger remote sampling is off: {}", url_.status().message());
  poll_at_ = INT64_MAX;
}

SampleResult JaegerSampler::Sample(const SamplingInput& input) const {
  PollIfDue();
  std::shared_ptr<JaegerStrategy> strategy;
  {
    base::MutexLock lock(state_->mutex);
    strategy = state_->strategy;
  }
  return strategy->Sample(input);
}

void JaegerSampler::PollIfDue() const {
  const int64_t now = steady_clock::now().time_since_epoch().count();
  int64_t due = poll_at_.load(std::memory_order_relaxed);
  if (now < due) return;
  const auto interval = std::max(options_.polling_interval, Milliseconds(1));
  const int64_t next = now + std::chrono::nanoseconds(interval).count();
  if (poll_at_.compare_exchange_strong(due, next)) Poll();
}

void JaegerSampler::Poll() const {
  std::shared_ptr<net::HttpClient> client;
  {
    base::MutexLock lock(state_->mutex);
    if (stopped_) return;
    if (client_ == nullptr) {
      runtime_ = SharedIoThread();
      net::HttpClientOptions options;
      options.endpoint = url_->endpoint;
      options.tls.insecure = !url_->tls;
      options.max_response_bytes = kMaxAnswerBytes;
      client_ = std::make_shared<net::HttpClient>(*runtime_, options);
    }
    client = client_;
  }
  client->Send(RequestFor(target_, *url_), kTimeout,
               [state = state_, endpoint = options_.endpoint](base::Result<net::Response> answer) {
                 Take(*state, endpoint, answer);
               });
}

void JaegerSampler::Take(State& state, const std::string& endpoint,
                         const base::Result<net::Response>& answer) {
  if (!answer.ok()) {
    if (answer.status().code() == base::StatusCode::kCancelled) return;
    return Complain(state, endpoint, answer.status().ToString());
  }
  if (answer->status != 200) {
    return Complain(state, endpoint, "HTTP status " + std::to_string(answer->status));
  }
  {
    base::MutexLock lock(state.mutex);
    if (state.json == answer->body) return;  // its rate limits go on as they stand
  }
  base::Result<std::shared_ptr<JaegerStrategy>> strategy = JaegerStrategy::FromJson(answer->body);
  if (!strategy.ok()) return Complain(state, endpoint, strategy.status().message());
  base::MutexLock lock(state.mutex);
  state.strategy = *std::move(strategy);
  state.json = answer->body;
}

void JaegerSampler::Complain(State& state, const std::string& endpoint, const std::string& reason) {
  const auto now = steady_clock::now();
  {
    base::MutexLock lock(state.mutex);
    const bool first = state.told_at == steady_clock::time_point();
    if (!first && now - state.told_at < std::chrono::minutes(1)) return;
    state.told_at = now;
  }
  base::LogWarn("spandrel sdk: no sampling strategy from {}: {}", endpoint, reason);
}

void JaegerSampler::Stop() {
  poll_at_ = INT64_MAX;
  std::shared_ptr<net::IoRuntime> runtime;
  std::shared_ptr<net::HttpClient> client;  // goes before the runtime, and both after the lock
  base::MutexLock lock(state_->mutex);
  stopped_ = true;
  runtime = std::move(runtime_);
  client = std::move(client_);
}

// Connections and thread belong to the parent; their memory may be in any state.
void JaegerSampler::ResetInChild() {
  if (client_ != nullptr) {
    new std::pair(std::move(runtime_), std::move(client_));
    poll_at_ = INT64_MIN;
  }
}

}  // namespace spandrel::sdk
