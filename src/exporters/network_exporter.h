// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "pipeline/component.h"
#include "pipeline/queue.h"

namespace spandrel::exporters {

// One protocol's way to a peer, for one signal.
template <typename Batch>
class Transport {
 public:
  virtual ~Transport() = default;
  // One attempt: pipeline::AsyncSend's contract.
  virtual void Send(const Batch& batch, std::chrono::nanoseconds timeout,
                    pipeline::Completion done) = 0;
  // Ends the attempts under way; no Send comes afterwards. May be called twice.
  virtual void Close() = 0;
};

// An exporter to a network: a queue with retries in front of a transport.
template <typename Batch>
class NetworkExporter final : public pipeline::Exporter<Batch> {
 public:
  NetworkExporter(const pipeline::ComponentContext& context,
                  const pipeline::QueueRetryOptions& sending,
                  std::shared_ptr<Transport<Batch>> transport)
      : answers_from_memory_(sending.queue.AnswersFromMemory()),
        transport_(std::move(transport)),
        sender_(context, sending,
                [transport = transport_](Batch batch, std::chrono::nanoseconds timeout,
                                         pipeline::Completion done) {
                  transport->Send(batch, timeout, std::move(done));
                }) {}
  ~NetworkExporter() override { transport_->Close(); }

  // Connections are made when there is something to send, so a peer that is down stops nothing.
  base::Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point deadline) override {
    sender_.Shutdown(deadline);
    transport_->Close();
  }
  void Consume(Batch&& batch, pipeline::Completion done) override {
    sender_.Consume(std::move(batch), std::move(done));
  }
  bool AnswersFromMemory() const override { return answers_from_memory_; }

 private:
  const bool answers_from_memory_;
  const std::shared_ptr<Transport<Batch>> transport_;
  pipeline::QueuedSender<Batch> sender_;
};

}  // namespace spandrel::exporters
