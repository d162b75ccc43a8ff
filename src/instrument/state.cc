// SPDX-License-Identifier: Apache-2.0
#include "instrument/state.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "instrument/scope.h"
#include "opentelemetry/context/propagation/global_propagator.h"
#include "opentelemetry/trace/default_span.h"
#include "opentelemetry/trace/noop.h"
#include "opentelemetry/trace/provider.h"
#include "spandrel/propagation.h"

namespace spandrel::instrument {
namespace {

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;
using Provider = nostd::shared_ptr<trace::TracerProvider>;
using Tracer = nostd::shared_ptr<trace::Tracer>;

std::vector<std::string> ListFromEnvironment(const std::string& name) {
  const char* const list = std::getenv(name.c_str());
  return SplitList(list == nullptr ? "" : list);
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), ToLower);
  return text;
}

CapturedHeaders Capture(const http::Options& options, std::vector<std::string> names,
                        const char* side, const char* message) {
  for (std::string& name : ListFromEnvironment(std::string("OTEL_INSTRUMENTATION_HTTP_") + side +
                                               "_CAPTURE_" + message + "_HEADERS")) {
    names.push_back(std::move(name));
  }
  CapturedHeaders captured;
  for (std::string& given : names) {
    std::string name = Lower(std::move(given));
    const auto same = [&name](const auto& other) { return other.name == name; };
    if (std::any_of(captured.begin(), captured.end(), same)) continue;
    const bool redacted = std::any_of(
        options.redacted_headers.begin(), options.redacted_headers.end(),
        [&name](const std::string& secret) { return EqualsIgnoringCase(secret, name); });
    std::string key = "http." + Lower(message) + ".header." + name;
    captured.push_back({std::move(name), std::move(key), redacted});
  }
  return captured;
}

std::vector<std::string> Methods(const http::Options& options) {
  if (!options.known_methods.empty()) return options.known_methods;
  return ListFromEnvironment("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS");
}

Tracer TracerOf(const Provider& provider) {
  return provider->GetTracer(kScopeName, kScopeVersion, kSchemaUrl);
}

// What a thread remembers of the global provider. Once it is gone with the thread's other data it
// must not be touched: the main thread may still make spans in destructors of statics.
struct Remembered {
  ~Remembered() { gone = true; }
  Provider provider;
  Tracer tracer;
  static thread_local bool gone;
};
thread_local bool Remembered::gone = false;

Tracer TracerOrNoop(const Provider& provider) {
  return provider ? TracerOf(provider) : Tracer(new trace::NoopTracer());
}

// The global provider may change at any time, so it is asked for each request; its tracer is looked
// up when it is another than this thread saw before.
trace::Tracer& GlobalTracer() {
  static thread_local Remembered seen;
  Provider provider = trace::Provider::GetTracerProvider();
  if (Remembered::gone) return **new Tracer(TracerOrNoop(provider));
  if (!seen.tracer || provider.get() != seen.provider.get()) {
    seen.tracer = TracerOrNoop(provider);
    seen.provider = std::move(provider);
  }
  return *seen.tracer;
}

// Lets through what a header can hold.
class SendableHeaders final : public http::Carrier {
 public:
  explicit SendableHeaders(http::Carrier& headers) : headers_(headers) {}

  nostd::string_view Get(nostd::string_view key) const noexcept override {
    return headers_.Get(key);
  }
  void Set(nostd::string_view key, nostd::string_view value) noexcept override {
    if (!propagation::IsHttpHeader({key.data(), key.size()}, {value.data(), value.size()})) {
      return propagation::CountUnsendablePair();
    }
    headers_.Set(key, value);
  }

 private:
  http::Carrier& headers_;
};

template <typename Call>
void EachHeader(const CapturedHeaders& captured, const http::Carrier& headers, Call call) {
  for (const CapturedHeader& header : captured) {
    nostd::string_view value = headers.Get(View(header.name));
    if (value.empty()) continue;
    if (header.redacted) value = "REDACTED";
    call(View(header.key), nostd::span<const nostd::string_view>(&value, 1));
  }
}

}  // namespace

void WriteHeaders(const CapturedHeaders& captured, const http::Carrier& headers,
                  AttributeSink& sink) {
  EachHeader(captured, headers, [&sink](auto key, auto value) { sink.Add(key, value); });
}

void SetHeaders(const CapturedHeaders& captured, const http::Carrier& headers, trace::Span& span) {
  EachHeader(captured, headers, [&span](auto key, auto value) { span.SetAttribute(key, value); });
}

State::State(http::Options given)
    : options(std::move(given)),
      own_tracer(options.tracer_provider ? TracerOf(options.tracer_provider) : Tracer()),
      methods(Methods(options)),
      redaction(options.sensitive_query_parameters ? Redaction(*options.sensitive_query_parameters)
                                                   : Redaction()),
      server(ParseHostPort(options.server_name, 0)),
      server_request_headers(
          Capture(options, options.captured_request_headers, "SERVER", "REQUEST")),
      server_response_headers(
          Capture(options, options.captured_response_headers, "SERVER", "RESPONSE")),
      client_request_headers(
          Capture(options, options.captured_request_headers, "CLIENT", "REQUEST")),
      client_response_headers(
          Capture(options, options.captured_response_headers, "CLIENT", "RESPONSE")),
      metrics(InstrumentsOf(options.meter_provider)) {}

trace::Tracer& State::tracer() const {
  return own_tracer ? *own_tracer : GlobalTracer();
}

context::Context State::Extract(const http::Carrier& headers, context::Context current) const {
  if (options.propagator) return options.propagator->Extract(headers, current);
  return context::propagation::GlobalTextMapPropagator::GetGlobalPropagator()->Extract(headers,
                                                                                       current);
}

void State::Inject(http::Carrier& headers, const context::Context& context) const {
  SendableHeaders sendable(headers);
  if (options.propagator) return options.propagator->Inject(sendable, context);
  context::propagation::GlobalTextMapPropagator::GetGlobalPropagator()->Inject(sendable, context);
}

std::string_view State::NameMethod(std::string_view method) const {
  const std::string_view known = methods.Find(method);
  return known.empty() ? "HTTP" : known;
}

std::string_view State::Name(const http::NameParts& parts, std::string_view name_method,
                             std::string& buffer) const {
  if (!options.span_name) return JoinName(name_method, parts.route, buffer);
  buffer = options.span_name(parts);
  return buffer;
}

const http::SpanPtr& NoSpan() {
  static const http::SpanPtr* const span =
      new http::SpanPtr(new trace::DefaultSpan(trace::SpanContext::GetInvalid()));
  return *span;
}

std::string_view StatusText::Write(int status) {
  const char* const end = std::to_chars(digits_, digits_ + sizeof(digits_), status).ptr;
  return {digits_, static_cast<size_t>(end - digits_)};
}

}  // namespace spandrel::instrument

namespace spandrel::http {

Instrumentation::Instrumentation(Options options)
    : state_(std::make_shared<const instrument::State>(std::move(options))) {}

const Instrumentation& Instrumentation::Default() {
  static const Instrumentation* const instrumentation = new Instrumentation();
  return *instrumentation;
}

}  // namespace spandrel::http
