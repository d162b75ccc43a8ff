// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/trace/span_metadata.h"
#include "opentelemetry/trace/tracer_provider.h"

// The tracer behind the OpenTelemetry C++ API. A service needs one line in main:
//
//   auto tracing = spandrel::sdk::Init("my-service");
//
// after which opentelemetry::trace::Provider::GetTracerProvider() records spans and sends them as
// OTLP to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names (default http://localhost:4317).
namespace spandrel::sdk {

using Milliseconds = std::chrono::milliseconds;
using TextPairs = std::vector<std::pair<std::string, std::string>>;

struct SamplerRule;

// Where the strategy of Root::kJaegerRemote comes from.
struct JaegerRemoteOptions {
  std::string endpoint = "http://localhost:5778/sampling";  // "?service=NAME" is added
  Milliseconds polling_interval{60'000};
  double initial_ratio = 0.001;  // until the first answer
};

// Which spans are recorded (OTEL_TRACES_SAMPLER). Samplers form a tree; the simple ones (always on,
// always off, by ratio, each also parent-based) cost nothing, the others some 100 ns a span.
struct SamplerOptions {
  enum class Root {
    kAlwaysOn,
    kAlwaysOff,
    kTraceIdRatio,
    // As kTraceIdRatio, but consistent between services and countable: keeps a trace whose random
    // value (tracestate's `ot=rv`, else the last 56 bits of the trace id) is at least a threshold,
    // and writes the threshold into tracestate as `ot=th`.
    kProbability,
    kRateLimit,     // at most `spans_per_second`
    kRules,         // the sampler of the first of `rules` that matches; without one, dropped
    kJaegerRemote,  // what the Jaeger sampling endpoint says
  };
  Root root = Root::kAlwaysOn;
  double ratio = 1.0;             // of kTraceIdRatio and kProbability
  bool parent_based = true;       // a span with a parent follows the parent's decision
  double spans_per_second = 100;  // of kRateLimit
  std::vector<SamplerRule> rules;
  JaegerRemoteOptions jaeger_remote = {};

  // What decides instead for spans with a parent, when `parent_based`. Null: the parent's decision.
  std::shared_ptr<const SamplerOptions> remote_parent_sampled = nullptr;
  std::shared_ptr<const SamplerOptions> remote_parent_not_sampled = nullptr;
  std::shared_ptr<const SamplerOptions> local_parent_sampled = nullptr;
  std::shared_ptr<const SamplerOptions> local_parent_not_sampled = nullptr;
};

// Matches spans by what is known when they start; an empty condition matches all. In patterns `*`
// stands for any text.
struct SamplerRule {
  std::optional<opentelemetry::trace::SpanKind> kind;
  std::string name;            // pattern
  TextPairs attributes;        // key and pattern; numbers compare as decimal text
  SamplerOptions sampler;      // what then decides
  TextPairs added_attributes;  // set on the spans that it records
};

// What a span may hold; what goes beyond is counted in its dropped_*_count fields.
struct SpanLimits {
  uint32_t attributes = 128;
  uint32_t events = 128;
  uint32_t links = 128;
  uint32_t attributes_per_event = 128;
  uint32_t attributes_per_link = 128;
  // Longer text is cut to so many characters. No limit by default.
  uint32_t attribute_value_length = UINT32_MAX;
};

// Takes requests instead of a collector; spandrel/otel_exporter.h has one that runs an existing
// opentelemetry-cpp exporter.
class RequestSink {
 public:
  virtual ~RequestSink() = default;
  // `request` is an ExportTraceServiceRequest. Called on one thread, which may wait here. False:
  // not now, the request comes again.
  virtual bool Export(std::string_view request, Milliseconds timeout) = 0;
};

// Where and how spans are sent.
struct ExportOptions {
  enum class Protocol {
    kGrpc,
    kHttpProtobuf,
    kConsole,  // each request as a line of OTLP/JSON on standard output
  };
  Protocol protocol = Protocol::kGrpc;
  // scheme://host:port; https means TLS, http or no scheme plaintext. Over HTTP its path is used as
  // it stands, or /v1/traces when it has none.
  std::string endpoint;     // default: http://localhost:4317, over HTTP http://localhost:4318
  TextPairs headers;        // sent with every request
  std::string compression;  // "" or "gzip"
  std::string ca_file;      // PEM; empty: the system's roots
  std::string cert_file;    // ours, for mutual TLS
  std::string key_file;
  Milliseconds timeout{10'000};  // of one request
  size_t max_requests_in_flight = 8;
  size_t max_request_bytes = 1 << 20;
  size_t max_request_spans = 0;          // 0: only bytes count
  Milliseconds schedule_delay{1'000};    // the longest that an ended span waits for company
  Milliseconds max_retry_time{300'000};  // then a request that was always refused is dropped
  // Set: where requests go when the collector is away and spans pile up, when one was refused for
  // max_retry_time, and at the shutdown. They are sent when it is back, also by a later process
  // (which may send some twice). Files outlive the process, not a crash of the machine.
  std::string spool_directory;
  size_t max_spool_bytes = 256 << 20;  // then the spool takes no more, and the rules above hold
  std::shared_ptr<RequestSink> sink;   // takes the requests instead of `endpoint`
};

struct Options {
  std::string service_name;        // empty: unknown_service:EXECUTABLE
  TextPairs resource_attributes;   // go before what is detected
  bool detect_resource = true;     // process.*, host.*, os.type, container.id
  bool command_arguments = false;  // process.command_args too: they may hold secrets
  SamplerOptions sampler;
  SpanLimits limits;
  ExportOptions exporter;
  // Ended spans that are not yet acknowledged take at most this much memory, plus one block of
  // 64 KiB for each thread and scope in use; beyond it new spans are dropped and counted.
  size_t max_buffer_bytes = 32 << 20;
  size_t max_buffer_spans = 0;           // 0: only bytes count
  Milliseconds shutdown_timeout{3'000};  // of the provider's destructor
  bool disabled = false;                 // record nothing
};

// Options as the OTEL_* environment variables say; a value that makes no sense is reported on
// standard error and its default is used. OTEL_SERVICE_NAME wins over `service_name`.
// OTEL_LOG_LEVEL takes effect at once.
Options OptionsFromEnvironment(std::string_view service_name);

// What became of the spans so far. ended = exported + spooled + dropped_* + what is still buffered.
struct Stats {
  uint64_t ended = 0;
  uint64_t exported = 0;  // acknowledged by the collector
  uint64_t spooled = 0;   // written to the spool
  uint64_t dropped_buffer_full = 0;
  uint64_t dropped_rejected = 0;       // refused for good, also by partial success
  uint64_t dropped_retry_expired = 0;  // refused until max_retry_time had passed
  uint64_t dropped_shutdown = 0;       // not acknowledged when the deadline of Shutdown came
  // Out of the spool, also spans of earlier processes.
  uint64_t spool_exported = 0;
  uint64_t spool_rejected = 0;
  uint64_t spool_corrupt_files = 0;  // skipped
  uint64_t dropped() const {
    return dropped_buffer_full + dropped_rejected + dropped_retry_expired + dropped_shutdown;
  }
};

// What was left out of the headers of this process so far.
struct PropagationStats {
  // Came in malformed.
  uint64_t malformed_spans = 0;         // traceparent, b3, uber-trace-id: a new trace began
  uint64_t malformed_trace_states = 0;  // or too long, or of too many members
  uint64_t malformed_baggage = 0;       // members
  // In or out.
  uint64_t baggage_over_limit = 0;  // beyond 64 members or 8,192 bytes; a cut header counts once
  // Was to go out.
  uint64_t unsendable_baggage = 0;  // members whose key no header can hold
  uint64_t unsendable_pairs = 0;    // see spandrel/propagation.h

  static PropagationStats Read();
};

class GlobalProvider;
class ProviderCore;

// Owns one tracer provider: one service. A process may have several. Movable, thread-safe. Tracers
// and spans stay valid after it is gone; they then record nothing. Its memory is used again or
// given back when no handle of a provider or tracer and no recorded span that has not ended is
// left, and then the next provider is made.
class [[nodiscard]] Provider {
 public:
  Provider() = default;  // of a moved-from or disabled service: does nothing
  explicit Provider(ProviderCore* core, GlobalProvider* global) : core_(core), global_(global) {}
  Provider(Provider&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)),
        global_(std::exchange(other.global_, nullptr)) {}
  Provider& operator=(Provider&& other) noexcept;
  // Shutdown(options.shutdown_timeout).
  ~Provider();

  // The provider for the OpenTelemetry API; never null.
  opentelemetry::nostd::shared_ptr<opentelemetry::trace::TracerProvider> tracer_provider() const;

  // Sends what is buffered. True when all of it was acknowledged; returns by the deadline.
  bool ForceFlush(Milliseconds timeout = Milliseconds{10'000});
  // Stops recording, sends what is buffered and drops what was not acknowledged by the deadline.
  // True when nothing was lost. Later calls do nothing and return true.
  bool Shutdown(Milliseconds timeout = Milliseconds{3'000});

  Stats stats() const;

 private:
  ProviderCore* core_ = nullptr;
  GlobalProvider* global_ = nullptr;  // null: not the API's; lives as long as the process
};

// Makes a provider, installs it as the API's global one, and installs the W3C Trace Context and
// Baggage propagators (OTEL_PROPAGATORS). Keep the result until the service ends. What others have
// from the API's slot stays safe after that and records nothing. Since it is not counted, so that
// threads that copy it do not wait for each other, each call leaves 32 bytes for ever.
Provider Init(std::string_view service_name);
Provider Init(Options options);

// Makes a provider without installing it, for a process that plays several services.
Provider MakeProvider(Options options);

// Makes the propagators that OTEL_PROPAGATORS names (tracecontext, baggage, b3, b3multi, jaeger,
// none; the first two by default) the API's global ones. Init does it too.
void InstallPropagators();

}  // namespace spandrel::sdk
