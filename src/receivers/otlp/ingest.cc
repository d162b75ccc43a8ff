// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/ingest.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "wire/otlp/otlp_records.h"

namespace spandrel::receivers {
namespace {

using base::Status;
using base::StatusCode;
using signal::Signal;

constexpr std::chrono::milliseconds kDefaultRetryAfter{1'000};

Status WithRetryAfter(Status status) {
  if (status.code() == StatusCode::kUnavailable && !status.retry_after()) {
    status.set_retry_after(kDefaultRetryAfter);
  }
  return status;
}

// Adds counters with the labels of one receiver and transport.
class CounterMaker {
 public:
  CounterMaker(const pipeline::ComponentContext& context, std::string_view transport)
      : metrics_(context.metrics),
        labels_{{"receiver", context.id}, {"transport", std::string(transport)}} {}

  base::Counter& OfItems(const char* name, Signal signal, const char* reason = nullptr) const {
    return Add(fmt::format(fmt::runtime(name), signal::ItemsName(signal)), reason);
  }
  base::Counter& OfRefusedRequests(const char* reason) const {
    return Add("spandrel_receiver_refused_requests_total", reason);
  }

 private:
  base::Counter& Add(const std::string& name, const char* reason) const {
    base::MetricLabels labels = labels_;
    if (reason != nullptr) labels.emplace_back("reason", reason);
    return metrics_.AddCounter(name, std::move(labels));
  }

  base::MetricRegistry& metrics_;
  const base::MetricLabels labels_;
};

// A batch and what had to be left out of it.
template <typename Batch>
struct Decoded {
  Batch batch;
  wire::PartialSuccess partial;
};

base::Result<Decoded<span::SpanBatch>> Decode(ExportRequest request, span::SpanBatch*) {
  auto decoded = request.is_json
                     ? wire::DecodeOtlpJson(request.body, std::move(request.reservation))
                     : wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(request.body)),
                                                std::move(request.reservation));
  if (!decoded.ok()) return decoded.status();
  return Decoded<span::SpanBatch>{
      span::SpanBatch(std::move(decoded->chunk)),
      {static_cast<int64_t>(decoded->rejected_spans), std::move(decoded->rejected_reason)}};
}

template <Signal kSignal>
base::Result<Decoded<signal::RecordBatch<kSignal>>> Decode(ExportRequest request,
                                                           signal::RecordBatch<kSignal>*) {
  auto decoded =
      request.is_json
          ? wire::DecodeOtlpRecordsJson(kSignal, request.body, std::move(request.reservation))
          : wire::DecodeOtlpRecords(kSignal, base::MakeSharedBytes(std::move(request.body)),
                                    std::move(request.reservation));
  if (!decoded.ok()) return decoded.status();
  return Decoded<signal::RecordBatch<kSignal>>{signal::RecordBatch<kSignal>(*std::move(decoded)),
                                               {}};
}

template <typename Batch>
class SignalIngest final : public Ingest {
 public:
  SignalIngest(const CounterMaker& counters, std::shared_ptr<pipeline::Output<Batch>> output,
               std::shared_ptr<TenantRates> rates, base::IntakeGate* intake)
      : output_(std::move(output)),
        rates_(std::move(rates)),
        intake_(intake),
        accepted_(counters.OfItems("otelcol_receiver_accepted_{}", kSignal)),
        refused_(counters.OfItems("otelcol_receiver_refused_{}", kSignal)),
        rejected_(counters.OfItems("spandrel_receiver_rejected_{}_total", kSignal, "invalid_id")),
        malformed_(counters.OfRefusedRequests("malformed")),
        oversized_(counters.OfRefusedRequests("too_large")),
        overload_(counters.OfRefusedRequests("overload")),
        unsupported_(counters.OfRefusedRequests("unsupported")),
        over_rate_(counters.OfRefusedRequests("tenant_rate")) {}

  Signal signal() const override { return kSignal; }
  bool is_connected() const override { return output_->is_connected(); }

  void Take(ExportRequest request, IngestCallback done) const override {
    if (Status open = CheckIntake(); !open.ok()) {
      return done({RefuseRequest(std::move(open)), {}});
    }
    const signal::SharedOrigin origin = request.origin;
    Status within = WithinBytes(origin, request.body.size());
    if (!within.ok()) return done({std::move(within), {}});
    auto decoded = Decode(std::move(request), static_cast<Batch*>(nullptr));
    if (!decoded.ok()) return done({RefuseRequest(decoded.status()), {}});
    rejected_.Add(static_cast<uint64_t>(decoded->partial.rejected_items));
    Batch batch = std::move(decoded->batch);
    if (batch.empty()) return done({{}, std::move(decoded->partial)});

    batch.set_origin(origin);
    const size_t items = signal::ItemCount(batch);
    within = WithinItems(origin, items);
    if (!within.ok()) return done({std::move(within), {}});
    output_->Consume(std::move(batch), [&accepted = accepted_, &refused = refused_, items,
                                        partial = std::move(decoded->partial),
                                        done = std::move(done)](Status status) mutable {
      (status.ok() ? accepted : refused).Add(items);
      done({WithRetryAfter(std::move(status)), std::move(partial)});
    });
  }

  Status RefuseRequest(Status status) const override {
    switch (status.code()) {
      case StatusCode::kResourceExhausted:
        oversized_.Add();
        break;
      case StatusCode::kUnavailable:
        overload_.Add();
        break;
      case StatusCode::kUnimplemented:
        unsupported_.Add();
        break;
      default:
        malformed_.Add();
        break;
    }
    return WithRetryAfter(std::move(status));
  }

 private:
  static constexpr Signal kSignal = signal::kSignalOf<Batch>;

  static const std::string& TenantOf(const signal::SharedOrigin& origin) {
    static const std::string kNone;
    return origin == nullptr ? kNone : origin->tenant;
  }
  Status CheckIntake() const {
    return intake_ == nullptr ? Status() : intake_->Confirm(IntakeWork(kSignal));
  }
  Status WithinBytes(const signal::SharedOrigin& origin, size_t bytes) const {
    if (rates_ == nullptr) return {};
    Status status = rates_->TakeBytes(TenantOf(origin), bytes);
    if (!status.ok()) over_rate_.Add();
    return status;
  }
  Status WithinItems(const signal::SharedOrigin& origin, size_t items) const {
    if (rates_ == nullptr) return {};
    Status status = rates_->TakeItems(TenantOf(origin), items);
    if (!status.ok()) {
      over_rate_.Add();
      refused_.Add(items);
    }
    return status;
  }

  const std::shared_ptr<pipeline::Output<Batch>> output_;
  const std::shared_ptr<TenantRates> rates_;  // null: nobody is held to a rate
  base::IntakeGate* const intake_;            // null: everything is taken in
  base::Counter& accepted_;
  base::Counter& refused_;
  base::Counter& rejected_;
  base::Counter& malformed_;
  base::Counter& oversized_;
  base::Counter& overload_;
  base::Counter& unsupported_;
  base::Counter& over_rate_;
};

}  // namespace

base::IntakeGate::Work IntakeWork(Signal signal) {
  return signal == Signal::kTraces ? base::IntakeGate::Work::kStored
                                   : base::IntakeGate::Work::kOther;
}

std::shared_ptr<const Ingest> MakeIngest(const pipeline::ComponentContext& context,
                                         std::string_view transport, Signal signal,
                                         const pipeline::Outputs& outputs,
                                         std::shared_ptr<TenantRates> rates,
                                         base::IntakeGate* intake) {
  const CounterMaker counters(context, transport);
  return signal::VisitSignal(signal, [&]<typename Batch>() -> std::shared_ptr<const Ingest> {
    return std::make_shared<SignalIngest<Batch>>(counters, outputs.get<Batch>(), rates, intake);
  });
}

}  // namespace spandrel::receivers
