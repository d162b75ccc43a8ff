// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opentelemetry/common/attribute_value.h"
#include "opentelemetry/nostd/span.h"
#include "opentelemetry/nostd/string_view.h"
#include "opentelemetry/nostd/unique_ptr.h"
#include "opentelemetry/sdk/common/exporter_utils.h"
#include "opentelemetry/sdk/instrumentationscope/instrumentation_scope.h"
#include "opentelemetry/sdk/resource/resource.h"
#include "opentelemetry/sdk/trace/exporter.h"
#include "opentelemetry/sdk/trace/recordable.h"
#include "opentelemetry/trace/trace_state.h"
#include "spandrel/detail/otlp_attributes.h"
#include "spandrel/detail/otlp_fields.h"
#include "spandrel/detail/otlp_span.h"
#include "spandrel/sdk.h"

// Runs an existing exporter of opentelemetry-cpp's SDK behind this library:
//
//   spandrel::sdk::Options options = spandrel::sdk::OptionsFromEnvironment("shop");
//   options.exporter.sink =
//       std::make_shared<spandrel::sdk::OtelExporter>(OStreamSpanExporterFactory::Create());
//   auto tracing = spandrel::sdk::Init(options);
//
// Needs opentelemetry-cpp's SDK headers and libraries, which nothing else here does. The spans are
// decoded into the exporter's own recordables on a thread of the exporter; the application's
// threads do not notice. Counts of dropped attributes, events and links are not passed on, since
// recordables have no place for them.
namespace spandrel::sdk {

// The sink that runs an exporter. Owns it; resources and scopes that recordables refer to live as
// long as it does. Exceptions of the exporter count as a refusal for good.
class OtelExporter final : public RequestSink {
 public:
  using SpanExporter = opentelemetry::sdk::trace::SpanExporter;

  explicit OtelExporter(std::unique_ptr<SpanExporter> exporter) : exporter_(std::move(exporter)) {
    // Makes the API's static regular expressions before there is a provider, so that they outlive
    // its thread, which parses with them.
    (void)opentelemetry::trace::TraceState::FromHeader("a=1");
  }
  ~OtelExporter() override { exporter_->Shutdown(); }

  // See RequestSink. Decodes the request, and waits until the exporter has flushed it.
  bool Export(std::string_view request, Milliseconds timeout) override {
    using otel_exporter_detail::Fields;
    Recordables spans;
    for (Fields field(request); field.Next();) {
      if (field.number == 1) ReadResourceSpans(field.bytes, spans);
    }
    if (spans.empty()) return true;
    const auto result = exporter_->Export(
        opentelemetry::nostd::span<std::unique_ptr<Recordable>>(spans.data(), spans.size()));
    const bool taken = result == opentelemetry::sdk::common::ExportResult::kSuccess;
    return taken && exporter_->ForceFlush(timeout);
  }

 private:
  using Recordable = opentelemetry::sdk::trace::Recordable;
  using Recordables = std::vector<std::unique_ptr<Recordable>>;
  using Resource = opentelemetry::sdk::resource::Resource;
  using Scope = opentelemetry::sdk::instrumentationscope::InstrumentationScope;

  void ReadResourceSpans(std::string_view message, Recordables& spans) {
    using otel_exporter_detail::Fields;
    const Resource* resource = &Resource::GetEmpty();
    for (Fields field(message); field.Next();) {
      if (field.number == 1) resource = &ResourceOf(field.bytes);
      if (field.number == 2) ReadScopeSpans(field.bytes, *resource, spans);
    }
  }
  void ReadScopeSpans(std::string_view message, const Resource& resource, Recordables& spans) {
    using otel_exporter_detail::Fields;
    std::string_view scope_message;
    std::string_view schema_url;
    for (Fields field(message); field.Next();) {
      if (field.number == 1) scope_message = field.bytes;
      if (field.number == 3) schema_url = field.bytes;
    }
    const Scope& scope = ScopeOf(scope_message, schema_url);
    for (Fields field(message); field.Next();) {
      if (field.number != 2) continue;
      std::unique_ptr<Recordable> span = exporter_->MakeRecordable();
      if (span == nullptr) continue;
      span->SetResource(resource);
      span->SetInstrumentationScope(scope);
      otel_exporter_detail::ReadSpan(field.bytes, *span);
      spans.push_back(std::move(span));
    }
  }

  // What recordables point to is made once and kept: by the bytes of its message, since the same
  // resource and the same scopes come with every request.
  const Resource& ResourceOf(std::string_view message) {
    const auto known = resources_.find(std::string(message));
    if (known != resources_.end()) return known->second;
    opentelemetry::sdk::resource::ResourceAttributes found;
    otel_exporter_detail::Attributes attributes;
    for (otel_exporter_detail::Fields field(message); field.Next();) {
      if (field.number == 1) attributes.Add(field.bytes);
    }
    attributes.ForEachKeyValue([&found](opentelemetry::nostd::string_view key,
                                        opentelemetry::common::AttributeValue value) noexcept {
      found.SetAttribute(key, value);
      return true;
    });
    return resources_.emplace(std::string(message), Resource::Create(found)).first->second;
  }
  const Scope& ScopeOf(std::string_view message, std::string_view schema_url) {
    using otel_exporter_detail::View;
    auto& scope = scopes_[{std::string(message), std::string(schema_url)}];
    if (scope != nullptr) return *scope;
    std::string_view name;
    std::string_view version;
    for (otel_exporter_detail::Fields field(message); field.Next();) {
      if (field.number == 1) name = field.bytes;
      if (field.number == 2) version = field.bytes;
    }
    scope = Scope::Create(View(name), View(version), View(schema_url));
    return *scope;
  }

  const std::unique_ptr<SpanExporter> exporter_;
  std::map<std::string, Resource> resources_;  // by their bytes in the request
  std::map<std::pair<std::string, std::string>, opentelemetry::nostd::unique_ptr<Scope>> scopes_;
};

}  // namespace spandrel::sdk
