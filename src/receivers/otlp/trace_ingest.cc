// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/trace_ingest.h"

#include <chrono>

namespace spandrel::receivers {
namespace {

using base::Status;
using base::StatusCode;

constexpr std::chrono::milliseconds kDefaultRetryAfter{1'000};

base::Counter& RefusedRequests(const pipeline::ComponentContext& context,
                               std::string_view transport, const char* reason) {
  return context.metrics.AddCounter(
      "spandrel_receiver_refused_requests_total",
      "Export requests refused before their spans were known, by reason.",
      {{"receiver", context.id}, {"transport", std::string(transport)}, {"reason", reason}});
}

Status WithRetryAfter(Status status) {
  if (status.code() == StatusCode::kUnavailable && !status.retry_after()) {
    status.set_retry_after(kDefaultRetryAfter);
  }
  return status;
}

}  // namespace

TraceIngest::TraceIngest(const pipeline::ComponentContext& context, std::string_view transport,
                         std::shared_ptr<pipeline::Consumer> next)
    : next_(std::move(next)),
      accepted_spans_(context.metrics.AddCounter(
          "otelcol_receiver_accepted_spans", "Spans that the pipeline took.",
          {{"receiver", context.id}, {"transport", std::string(transport)}})),
      refused_spans_(context.metrics.AddCounter(
          "otelcol_receiver_refused_spans",
          "Spans that the pipeline did not take; the sender was told.",
          {{"receiver", context.id}, {"transport", std::string(transport)}})),
      rejected_spans_(
          context.metrics.AddCounter("spandrel_receiver_rejected_spans_total",
                                     "Spans that can never be taken, reported by partial success.",
                                     {{"receiver", context.id},
                                      {"transport", std::string(transport)},
                                      {"reason", "invalid_id"}})),
      malformed_requests_(RefusedRequests(context, transport, "malformed")),
      oversized_requests_(RefusedRequests(context, transport, "too_large")),
      overload_requests_(RefusedRequests(context, transport, "overload")),
      unsupported_requests_(RefusedRequests(context, transport, "unsupported")) {}

void TraceIngest::IngestProtobuf(std::string request, base::ByteBudget::Reservation reservation,
                                 IngestCallback done) const {
  Ingest(
      wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(request)), std::move(reservation)),
      std::move(done));
}

void TraceIngest::IngestJson(std::string_view request, base::ByteBudget::Reservation reservation,
                             IngestCallback done) const {
  Ingest(wire::DecodeOtlpJson(request, std::move(reservation)), std::move(done));
}

Status TraceIngest::RefuseRequest(Status status) const {
  switch (status.code()) {
    case StatusCode::kResourceExhausted:
      oversized_requests_.Add();
      break;
    case StatusCode::kUnavailable:
      overload_requests_.Add();
      break;
    case StatusCode::kUnimplemented:
      unsupported_requests_.Add();
      break;
    default:
      malformed_requests_.Add();
      break;
  }
  return WithRetryAfter(std::move(status));
}

void TraceIngest::Ingest(base::Result<wire::DecodedRequest> decoded, IngestCallback done) const {
  if (!decoded.ok()) return done({RefuseRequest(decoded.status()), {}});

  wire::PartialSuccess partial;
  if (decoded->rejected_spans > 0) {
    rejected_spans_.Add(decoded->rejected_spans);
    partial.rejected_spans = static_cast<int64_t>(decoded->rejected_spans);
    partial.error_message = std::move(decoded->rejected_reason);
  }
  span::SpanBatch batch(std::move(decoded->chunk));
  if (batch.empty()) return done({{}, std::move(partial)});

  const size_t spans = batch.span_count();
  next_->Consume(std::move(batch),
                 [&accepted = accepted_spans_, &refused = refused_spans_, spans,
                  partial = std::move(partial), done = std::move(done)](Status status) mutable {
                   (status.ok() ? accepted : refused).Add(spans);
                   done({WithRetryAfter(std::move(status)), std::move(partial)});
                 });
}

}  // namespace spandrel::receivers
