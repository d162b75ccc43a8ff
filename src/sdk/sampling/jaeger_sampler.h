// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "net/peer/client.h"
#include "sdk/options/endpoint_url.h"
#include "sdk/sampling/jaeger_strategy.h"
#include "sdk/sampling/sampling.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

// SamplerOptions::Root::kJaegerRemote. A span that starts when a poll is due has it sent on the I/O
// thread and does not wait for the answer; a service that makes no spans does not poll. Until the
// first answer the initial ratio holds, and while the endpoint is away the last answer does.
class JaegerSampler final : public SamplerNode {
 public:
  JaegerSampler(const JaegerRemoteOptions& options, std::string_view service_name);

  SampleResult Sample(const SamplingInput& input) const override;

  // Polls no more.
  void Stop();
  // Around fork.
  void LockForFork() { state_->mutex.lock(); }
  void UnlockAfterFork() { state_->mutex.unlock(); }
  void ResetInChild();  // with the lock held

 private:
  // Outlives the sampler while an answer is under way.
  struct State {
    std::mutex mutex;
    std::shared_ptr<JaegerStrategy> strategy;       // guarded by mutex
    std::string json;                               // of the strategy; guarded by mutex
    std::chrono::steady_clock::time_point told_at;  // of the last complaint; guarded by mutex
  };

  void PollIfDue() const;
  void Poll() const;
  static void Take(State& state, const std::string& endpoint,
                   const base::Result<net::Response>& answer);
  static void Complain(State& state, const std::string& endpoint, const std::string& reason);

  const JaegerRemoteOptions options_;
  base::Result<EndpointUrl> url_;
  const std::string target_;  // path and query
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  mutable std::atomic<int64_t> poll_at_{INT64_MIN};  // on the steady clock; INT64_MAX: never

  bool stopped_ = false;                             // guarded by state_->mutex
  mutable std::shared_ptr<net::IoRuntime> runtime_;  // guarded by state_->mutex
  mutable std::shared_ptr<net::HttpClient> client_;  // guarded by state_->mutex
};

}  // namespace spandrel::sdk
