// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "instrument/attributes.h"
#include "instrument/metrics.h"
#include "instrument/semantics.h"
#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/tracer.h"
#include "spandrel/http.h"

namespace spandrel::instrument {

// A header that becomes an attribute.
struct CapturedHeader {
  std::string name;  // lower case
  std::string key;   // http.request.header.<name>
  bool redacted = false;
};
using CapturedHeaders = std::vector<CapturedHeader>;

void WriteHeaders(const CapturedHeaders& captured, const http::Carrier& headers,
                  AttributeSink& sink);
void SetHeaders(const CapturedHeaders& captured, const http::Carrier& headers,
                opentelemetry::trace::Span& span);

// What an Instrumentation is: options worked out. Immutable, thread-safe.
struct State {
  explicit State(http::Options given);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // That of the options, or the global one. Valid until this thread asks the next time.
  opentelemetry::trace::Tracer& tracer() const;
  opentelemetry::context::Context Extract(const http::Carrier& headers,
                                          opentelemetry::context::Context current) const;
  // What a header cannot hold is left out and counted (spandrel/propagation.h).
  void Inject(http::Carrier& headers, const opentelemetry::context::Context& context) const;
  // "HTTP" for methods that are not known.
  std::string_view NameMethod(std::string_view method) const;
  // The name by the formatter, or `{name_method} {route}`; in `buffer` unless it is the method
  // alone.
  std::string_view Name(const http::NameParts& parts, std::string_view name_method,
                        std::string& buffer) const;

  const http::Options options;
  const opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer> own_tracer;  // null: global
  const KnownMethods methods;
  const Redaction redaction;
  const HostPort server;  // of options.server_name
  const CapturedHeaders server_request_headers;
  const CapturedHeaders server_response_headers;
  const CapturedHeaders client_request_headers;
  const CapturedHeaders client_response_headers;
  const std::shared_ptr<const HttpInstruments> metrics;  // null: none
};

// A span that records nothing.
const http::SpanPtr& NoSpan();

// A status code as error.type wants it.
class StatusText {
 public:
  // A view that is valid until the next call.
  std::string_view Write(int status);

 private:
  char digits_[12];
};

}  // namespace spandrel::instrument
