// SPDX-License-Identifier: Apache-2.0
// beast.h goes first: Boost 1.74's coroutine headers need what it includes before them.
#include "spandrel/beast.h"
// After it.
#include <grpc/grpc.h>
#include <grpc/slice.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>

#include "instrument/testing/carrier_pairs.h"
#include "spandrel/context.h"
#include "spandrel/detail/curl_transfer.h"
#include "spandrel/detail/grpc_call.h"
#include "spandrel/httplib_client.h"

namespace spandrel::instrument {
namespace {

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Context ExtractHttp(const PropagatorPtr& propagator, const http::Carrier& carrier) {
  Context none;
  return propagator->Extract(carrier, none);
}

Context ExtractHttplib(const PropagatorPtr& propagator, const Lines& lines) {
  ::httplib::Headers headers;
  for (const auto& [name, value] : lines) headers.emplace(name, value);
  return ExtractHttp(propagator, httplib::HeaderCarrier(headers));
}

Context ExtractBeast(const PropagatorPtr& propagator, const Lines& lines) {
  beast::http_api::fields fields;
  for (const auto& [name, value] : lines) fields.insert(name, value);
  return ExtractHttp(propagator, beast::HeaderReader<beast::http_api::fields>(fields));
}

Context ExtractRaw(const PropagatorPtr& propagator, const Lines& lines) {
  std::string block;
  for (const auto& [name, value] : lines)
    block.append(name).append(": ").append(value).append("\r\n");
  return ExtractHttp(propagator, http::RawHeaders(block));
}

Context ExtractGrpc(const PropagatorPtr& propagator, const Lines& lines) {
  Lines lower;
  for (const auto& [name, value] : lines) lower.emplace_back(LowerCase(name), value);
  std::multimap<::grpc::string_ref, ::grpc::string_ref> metadata;
  for (const auto& [name, value] : lower) metadata.emplace(name, value);
  grpc::Options options;
  options.propagator = propagator;
  return grpc::ExtractFrom(options, metadata);
}

Lines LinesOf(const curl_slist* list) {
  Lines lines;
  for (; list != nullptr; list = list->next) {
    const std::string_view line = list->data;
    const size_t colon = line.find(": ");
    lines.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
  }
  return lines;
}

Lines LinesOf(const beast::http_api::fields& fields) {
  Lines lines;
  for (const auto& field : fields) {
    lines.emplace_back(std::string(beast::detail::View(field.name_string())),
                       std::string(beast::detail::View(field.value())));
  }
  return lines;
}

}  // namespace

Context ExtractBy(Adapter server, const PropagatorPtr& propagator, const Lines& lines) {
  switch (server) {
    case Adapter::kBeast:
      return ExtractBeast(propagator, lines);
    case Adapter::kRaw:
      return ExtractRaw(propagator, lines);
    case Adapter::kGrpc:
      return ExtractGrpc(propagator, lines);
    default:
      return ExtractHttplib(propagator, lines);
  }
}

Lines InjectBy(Adapter client, const Outgoing& outgoing, const Context& context) {
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
    return LinesOf(carrier.Link(nullptr));
  }
  if (client == Adapter::kBeast) {
    beast::http_api::fields fields;
    auto writer = beast::MakeHeaderWriter(fields);
    span.Inject(writer);
    return LinesOf(fields);
  }
  Lines lines;
  http::HeaderWriter writer(
      [&lines](std::string_view name, std::string_view value) { lines.emplace_back(name, value); });
  span.Inject(writer);
  return lines;
}

bool IsLegal(Adapter client, const Line& line) {
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
