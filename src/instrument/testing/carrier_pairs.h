// SPDX-License-Identifier: Apache-2.0
#pragma once

// beast.h goes first: Boost 1.74's coroutine headers need what it includes before them.
#include "spandrel/beast.h"
// After it.
#include <grpc/grpc.h>
#include <grpc/slice.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opentelemetry/context/context.h"
#include "opentelemetry/context/propagation/text_map_propagator.h"
#include "spandrel/context.h"
#include "spandrel/detail/curl_transfer.h"
#include "spandrel/detail/grpc_call.h"
#include "spandrel/http.h"
#include "spandrel/httplib_client.h"

// Header lines that come in through any adapter's server side and go out through any adapter's
// client side, and what their carriers allow by the word of nghttp2 and libgrpc.
namespace spandrel::instrument {

using Context = opentelemetry::context::Context;
using PropagatorPtr =
    opentelemetry::nostd::shared_ptr<opentelemetry::context::propagation::TextMapPropagator>;
using Line = std::pair<std::string, std::string>;
using Lines = std::vector<Line>;

enum class Adapter { kHttplib, kCurl, kBeast, kRaw, kGrpc };
inline constexpr std::array kServers = {Adapter::kHttplib, Adapter::kBeast, Adapter::kRaw,
                                        Adapter::kGrpc};
inline constexpr std::array kClients = {Adapter::kHttplib, Adapter::kCurl, Adapter::kBeast,
                                        Adapter::kRaw, Adapter::kGrpc};

inline std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Writes pairs that the test chooses, whatever the context.
class AnyPairs final : public opentelemetry::context::propagation::TextMapPropagator {
 public:
  explicit AnyPairs(Lines pairs = {}) : pairs(std::move(pairs)) {}
  Context Extract(const opentelemetry::context::propagation::TextMapCarrier&,
                  Context& context) noexcept override {
    return context;
  }
  void Inject(opentelemetry::context::propagation::TextMapCarrier& carrier,
              const Context&) noexcept override {
    for (const auto& [name, value] : pairs) carrier.Set(name, value);
  }
  bool Fields(opentelemetry::nostd::function_ref<bool(opentelemetry::nostd::string_view)>)
      const noexcept override {
    return true;
  }

  Lines pairs;
};

namespace detail {

inline Context ExtractHttp(const PropagatorPtr& propagator, const http::Carrier& carrier) {
  Context none;
  return propagator->Extract(carrier, none);
}

inline Context ExtractHttplib(const PropagatorPtr& propagator, const Lines& lines) {
  ::httplib::Headers headers;
  for (const auto& [name, value] : lines) headers.emplace(name, value);
  return ExtractHttp(propagator, httplib::HeaderCarrier(headers));
}

inline Context ExtractBeast(const PropagatorPtr& propagator, const Lines& lines) {
  beast::http_api::fields fields;
  for (const auto& [name, value] : lines) fields.insert(name, value);
  return ExtractHttp(propagator, beast::HeaderReader<beast::http_api::fields>(fields));
}

inline Context ExtractRaw(const PropagatorPtr& propagator, const Lines& lines) {
  std::string block;
  for (const auto& [name, value] : lines) block += name + ": " + value + "\r\n";
  return ExtractHttp(propagator, http::RawHeaders(block));
}

inline Context ExtractGrpc(const PropagatorPtr& propagator, const Lines& lines) {
  Lines lower;
  for (const auto& [name, value] : lines) lower.emplace_back(LowerCase(name), value);
  std::multimap<::grpc::string_ref, ::grpc::string_ref> metadata;
  for (const auto& [name, value] : lower) metadata.emplace(name, value);
  grpc::Options options;
  options.propagator = propagator;
  return grpc::ExtractFrom(options, metadata);
}

inline Lines LinesOf(const curl_slist* list) {
  Lines lines;
  for (; list != nullptr; list = list->next) {
    const std::string_view line = list->data;
    const size_t colon = line.find(": ");
    lines.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
  }
  return lines;
}

inline Lines LinesOf(const beast::http_api::fields& fields) {
  Lines lines;
  for (const auto& field : fields) {
    lines.emplace_back(std::string(beast::detail::View(field.name_string())),
                       std::string(beast::detail::View(field.value())));
  }
  return lines;
}

}  // namespace detail

// The context of a request with these lines.
inline Context ExtractBy(Adapter server, const PropagatorPtr& propagator, const Lines& lines) {
  switch (server) {
    case Adapter::kBeast:
      return detail::ExtractBeast(propagator, lines);
    case Adapter::kRaw:
      return detail::ExtractRaw(propagator, lines);
    case Adapter::kGrpc:
      return detail::ExtractGrpc(propagator, lines);
    default:
      return detail::ExtractHttplib(propagator, lines);
  }
}

// Spans' tracer and the propagator that writes the headers of their requests.
struct Outgoing {
  Outgoing(const opentelemetry::nostd::shared_ptr<opentelemetry::trace::TracerProvider>& tracers,
           const PropagatorPtr& propagator) {
    http::Options options;
    options.tracer_provider = tracers;
    options.propagator = propagator;
    http = http::Instrumentation(std::move(options));
    grpc.tracer_provider = tracers;
    grpc.propagator = propagator;
  }

  http::Instrumentation http;
  grpc::Options grpc;
};

// What a call that is made within the context sends.
inline Lines InjectBy(Adapter client, const Outgoing& outgoing, const Context& context) {
  if (client == Adapter::kGrpc) {
    std::multimap<std::string, std::string> metadata;
    grpc::Call call(outgoing.grpc, "/shop.Stock/Get", opentelemetry::trace::SpanKind::kClient,
                    context);
    call.Inject(metadata);
    call.Abandon();
    return {metadata.begin(), metadata.end()};
  }
  http::ClientRequest request;
  request.method = "GET";
  request.url = "http://stock/";
  if (client == Adapter::kHttplib) {
    const spandrel::context::Attached attached(context);
    ::httplib::Headers headers;
    httplib::ClientCall(outgoing.http, request).AddHeaders(headers);
    return {headers.begin(), headers.end()};
  }
  const http::ClientSpan span(outgoing.http, request, context);
  if (client == Adapter::kCurl) {
    curl::HeaderCarrier carrier;
    span.Inject(carrier);
    return detail::LinesOf(carrier.Link(nullptr));
  }
  if (client == Adapter::kBeast) {
    beast::http_api::fields fields;
    auto writer = beast::MakeHeaderWriter(fields);
    span.Inject(writer);
    return detail::LinesOf(fields);
  }
  Lines lines;
  http::HeaderWriter writer(
      [&lines](std::string_view name, std::string_view value) { lines.emplace_back(name, value); });
  span.Inject(writer);
  return lines;
}

// Whether the adapter's carrier may hold the line.
inline bool IsLegal(Adapter client, const Line& line) {
  const auto& [name, value] = line;
  if (client != Adapter::kGrpc) {
    // HTTP/2 has names in lower case; HTTP/1 has either.
    const std::string lower = LowerCase(name);
    return nghttp2_check_header_name(reinterpret_cast<const uint8_t*>(lower.data()),
                                     lower.size()) != 0 &&
           lower.front() != ':' &&
           nghttp2_check_header_value_rfc9113(reinterpret_cast<const uint8_t*>(value.data()),
                                              value.size()) != 0;
  }
  const grpc_slice key = grpc_slice_from_static_buffer(name.data(), name.size());
  const grpc_slice text = grpc_slice_from_static_buffer(value.data(), value.size());
  return grpc_header_key_is_legal(key) != 0 &&
         (grpc_is_binary_header(key) != 0 || grpc_header_nonbin_value_is_legal(text) != 0);
}

}  // namespace spandrel::instrument
