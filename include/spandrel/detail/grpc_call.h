// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/support/status.h>
#include <grpcpp/support/string_ref.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <forward_list>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "opentelemetry/context/propagation/global_propagator.h"
#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/provider.h"
#include "opentelemetry/trace/tracer.h"
#include "spandrel/context.h"
#include "spandrel/grpc_options.h"
#include "spandrel/propagation.h"

// The span of one gRPC call, for the interceptors of spandrel/grpc.h, which hand it what gRPC tells
// them. Not for applications.
namespace spandrel::grpc {

using Carrier = opentelemetry::context::propagation::TextMapCarrier;
using Context = opentelemetry::context::Context;

// The propagator of the options, or the global one.
inline opentelemetry::nostd::shared_ptr<opentelemetry::context::propagation::TextMapPropagator>
PropagatorOf(const Options& options) {
  using opentelemetry::context::propagation::GlobalTextMapPropagator;
  return options.propagator ? options.propagator : GlobalTextMapPropagator::GetGlobalPropagator();
}

// The name of a code as the specification of gRPC has it; UNKNOWN for others.
inline std::string_view StatusName(::grpc::StatusCode code) {
  constexpr std::string_view kNames[] = {"OK",
                                         "CANCELLED",
                                         "UNKNOWN",
                                         "INVALID_ARGUMENT",
                                         "DEADLINE_EXCEEDED",
                                         "NOT_FOUND",
                                         "ALREADY_EXISTS",
                                         "PERMISSION_DENIED",
                                         "RESOURCE_EXHAUSTED",
                                         "FAILED_PRECONDITION",
                                         "ABORTED",
                                         "OUT_OF_RANGE",
                                         "UNIMPLEMENTED",
                                         "INTERNAL",
                                         "UNAVAILABLE",
                                         "DATA_LOSS",
                                         "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

// Whether a status is the server's fault. For clients every status but OK is an error.
inline bool IsServerError(::grpc::StatusCode code) {
  switch (code) {
    case ::grpc::StatusCode::UNKNOWN:
    case ::grpc::StatusCode::DEADLINE_EXCEEDED:
    case ::grpc::StatusCode::UNIMPLEMENTED:
    case ::grpc::StatusCode::INTERNAL:
    case ::grpc::StatusCode::UNAVAILABLE:
    case ::grpc::StatusCode::DATA_LOSS:
      return true;
    default:
      return false;
  }
}

// A host with its port, of "host:port", "[::1]:80", "ipv4:127.0.0.1:80", "ipv6:%5B::1%5D:80" or
// "dns:///host:port"; a Unix socket's path as the host. No port: 0.
struct Address {
  explicit Address(std::string_view text) {
    if (StartsWith(text, "unix:")) {
      host = text.substr(5);
      return;
    }
    for (const std::string_view scheme : {"ipv4:", "ipv6:", "dns:"}) {
      if (StartsWith(text, scheme)) text.remove_prefix(scheme.size());
    }
    if (StartsWith(text, "//")) text.remove_prefix(text.find('/', 2) + 1);
    const size_t colon = text.rfind(':');
    const bool bracketed = StartsWith(text, "[") || StartsWith(text, "%5B");
    const bool has_port =
        colon != std::string_view::npos &&
        (bracketed ? text[colon - 1] == ']' || text[colon - 1] == 'D' : text.find(':') == colon);
    host = has_port ? text.substr(0, colon) : text;
    if (has_port) port = std::atoi(std::string(text.substr(colon + 1)).c_str());
    if (!bracketed) return;
    const size_t bracket = host[0] == '[' ? 1 : 3;
    if (host.size() > 2 * bracket) host = host.substr(bracket, host.size() - 2 * bracket);
  }

  std::string_view host;  // of the text given
  int port = 0;

 private:
  static bool StartsWith(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
  }
};

// Metadata keys are in lower case; propagators may name headers in any.
inline std::string MetadataKey(opentelemetry::nostd::string_view name) {
  std::string key(name.data(), name.size());
  for (char& c : key) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return key;
}

// Writes what metadata can hold and has room for; the rest is counted (spandrel/propagation.h).
class MetadataWriter final : public Carrier {
 public:
  using Metadata = std::multimap<std::string, std::string>;

  MetadataWriter(Metadata& metadata, size_t max_bytes) : metadata_(metadata), room_(max_bytes) {
    for (const auto& [key, value] : metadata) Take(SizeOf(key, value));
  }
  opentelemetry::nostd::string_view Get(opentelemetry::nostd::string_view) const noexcept override {
    return "";
  }
  void Set(opentelemetry::nostd::string_view name,
           opentelemetry::nostd::string_view text) noexcept override {
    const std::string key = MetadataKey(name);
    const std::string_view value(text.data(), text.size());
    const size_t size = SizeOf(key, value);
    if (!propagation::IsGrpcMetadata(key, value) || size > room_) {
      return propagation::CountUnsendablePair();
    }
    metadata_.erase(key);
    metadata_.emplace(key, value);
    Take(size);
  }

 private:
  static size_t SizeOf(std::string_view key, std::string_view value) {
    return key.size() + value.size() + 32;
  }
  void Take(size_t bytes) { room_ -= std::min(bytes, room_); }

  Metadata& metadata_;
  size_t room_;
};

// The caller's context in the metadata of a call.
inline Context ExtractFrom(const Options& options,
                           const std::multimap<::grpc::string_ref, ::grpc::string_ref>& metadata) {
  class Reader final : public Carrier {
   public:
    explicit Reader(const std::multimap<::grpc::string_ref, ::grpc::string_ref>& metadata)
        : metadata_(metadata) {}
    opentelemetry::nostd::string_view Get(
        opentelemetry::nostd::string_view key) const noexcept override {
      const auto [first, end] = metadata_.equal_range(MetadataKey(key));
      if (first == end) return "";
      if (std::next(first) == end) return {first->second.data(), first->second.size()};
      std::string& joined = joined_.emplace_front(first->second.data(), first->second.size());
      for (auto line = std::next(first); line != end; ++line) {
        joined.append(",").append(line->second.data(), line->second.size());
      }
      return joined;
    }
    void Set(opentelemetry::nostd::string_view,
             opentelemetry::nostd::string_view) noexcept override {}

   private:
    const std::multimap<::grpc::string_ref, ::grpc::string_ref>& metadata_;
    mutable std::forward_list<std::string> joined_;
  };
  Context current = opentelemetry::context::RuntimeContext::GetCurrent();
  return PropagatorOf(options)->Extract(Reader(metadata), current);
}

// One call. gRPC runs the hooks of a call one after another, but the cancellation at any time;
// spans are thread-safe, and nothing else is touched by both.
class Call {
 public:
  Call(const Options& options, std::string_view method, opentelemetry::trace::SpanKind kind,
       const Context& parent)
      : options_(options), context_(parent) {
    if (!method.empty() && method.front() == '/') method.remove_prefix(1);
    const size_t slash = std::min(method.find('/'), method.size());
    opentelemetry::trace::StartSpanOptions start;
    start.kind = kind;
    start.parent = parent;
    span_ = TracerOf(options)->StartSpan(
        View(method),
        {{"rpc.system", "grpc"},
         {"rpc.service", View(method.substr(0, slash))},
         {"rpc.method", View(method.substr(std::min(slash + 1, method.size())))}},
        start);
    context_ = spandrel::context::WithSpan(context_, span_);
  }

  // The caller's baggage with this call's span as the current one.
  const Context& context() const { return context_; }

  void Inject(MetadataWriter::Metadata& metadata) const {
    MetadataWriter writer(metadata, options_.max_metadata_bytes);
    PropagatorOf(options_)->Inject(writer, context_);
  }

  void SetServer(std::string_view address) { SetAddress(address, "server.address", "server.port"); }
  void SetPeer(std::string_view address) {
    SetAddress(address, "network.peer.address", "network.peer.port");
  }
  void CountSent() { AddMessage("SENT", ++sent_); }
  void CountReceived() { AddMessage("RECEIVED", ++received_); }
  void Cancelled() { span_->AddEvent("cancelled"); }

  // Later calls do nothing.
  void End(const ::grpc::Status& status, bool client) {
    if (ended_) return;
    const ::grpc::StatusCode code = status.error_code();
    span_->SetAttribute("rpc.grpc.status_code", static_cast<int32_t>(code));
    if (code != ::grpc::StatusCode::OK && (client || IsServerError(code))) {
      Fail(StatusName(code), status.error_message());
    }
    Finish();
  }
  // The call is over without a status.
  void Abandon() {
    if (ended_) return;
    Fail("cancelled", "given up without a status");
    Finish();
  }

 private:
  static opentelemetry::nostd::string_view View(std::string_view text) {
    return {text.data(), text.size()};
  }
  static opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer> TracerOf(
      const Options& options) {
    const auto provider = options.tracer_provider
                              ? options.tracer_provider
                              : opentelemetry::trace::Provider::GetTracerProvider();
    return provider->GetTracer("spandrel.grpc", "0.1.0", "https://opentelemetry.io/schemas/1.37.0");
  }

  void SetAddress(std::string_view text, const char* address_key, const char* port_key) {
    const Address address(text);
    if (address.host.empty()) return;
    span_->SetAttribute(address_key, View(address.host));
    if (address.port > 0) span_->SetAttribute(port_key, static_cast<int32_t>(address.port));
  }
  void AddMessage(const char* type, int32_t id) {
    if (!options_.message_events) return;
    span_->AddEvent("rpc.message", {{"rpc.message.type", type}, {"rpc.message.id", id}});
  }
  void Fail(std::string_view type, std::string_view description) {
    span_->SetAttribute("error.type", View(type));
    span_->SetStatus(opentelemetry::trace::StatusCode::kError, View(description));
  }
  void Finish() {
    ended_ = true;
    span_->End();
  }

  const Options& options_;
  Context context_;
  opentelemetry::nostd::shared_ptr<opentelemetry::trace::Span> span_;
  int32_t sent_ = 0;
  int32_t received_ = 0;
  bool ended_ = false;
};

// Contexts of the calls that asynchronous servers answer, by the address of their ServerContext.
// Thread-safe.
class CallContexts {
 public:
  static CallContexts& Instance() {
    static CallContexts* const contexts = new CallContexts;  // calls may outlive main
    return *contexts;
  }
  void Add(const void* call, const Context& context) {
    const std::lock_guard lock(mutex_);
    contexts_.insert_or_assign(call, context);
  }
  void Remove(const void* call) {
    const std::lock_guard lock(mutex_);
    contexts_.erase(call);
  }
  Context Find(const void* call) {
    const std::lock_guard lock(mutex_);
    const auto found = contexts_.find(call);
    return found != contexts_.end() ? found->second
                                    : opentelemetry::context::RuntimeContext::GetCurrent();
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const void*, Context> contexts_;
};

}  // namespace spandrel::grpc
