// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
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
  // Around fork: the lock is held from one call to the next, which the analysis cannot follow.
  void LockForFork() SPANDREL_NO_THREAD_SAFETY_ANALYSIS { state_->mutex.Lock(); }
  void UnlockAfterFork() SPANDREL_NO_THREAD_SAFETY_ANALYSIS { state_->mutex.Unlock(); }
  void ResetInChild() SPANDREL_NO_THREAD_SAFETY_ANALYSIS;  // with the lock held

 private:
  // Outlives the sampler while an answer is under way.
  struct State {
    base::Mutex mutex;
    std::shared_ptr<JaegerStrategy> strategy SPANDREL_GUARDED_BY(mutex);
    std::string json SPANDREL_GUARDED_BY(mutex);  // of the strategy
    // Of the last complaint.
    std::chrono::steady_clock::time_point told_at SPANDREL_GUARDED_BY(mutex);
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

  bool stopped_ SPANDREL_GUARDED_BY(state_->mutex) = false;
  mutable std::shared_ptr<net::IoRuntime> runtime_ SPANDREL_GUARDED_BY(state_->mutex);
  mutable std::shared_ptr<net::HttpClient> client_ SPANDREL_GUARDED_BY(state_->mutex);
};

}  // namespace spandrel::sdk
