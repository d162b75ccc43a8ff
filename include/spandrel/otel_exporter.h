// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opentelemetry/common/key_value_iterable.h"
#include "opentelemetry/sdk/instrumentationscope/instrumentation_scope.h"
#include "opentelemetry/sdk/resource/resource.h"
#include "opentelemetry/sdk/trace/exporter.h"
#include "opentelemetry/sdk/trace/recordable.h"
#include "opentelemetry/trace/span_context.h"
#include "opentelemetry/trace/trace_state.h"
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

namespace otel_exporter_detail {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;
namespace trace_api = opentelemetry::trace;

// The fields of a protobuf message one after another; anything malformed ends it.
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}

  bool Next() {
    uint64_t tag = 0;
    if (rest_.empty() || !ReadVarint(tag)) return false;
    number = static_cast<uint32_t>(tag >> 3);
    switch (tag & 7) {
      case 0:
        return ReadVarint(value);
      case 1:
        return ReadFixed(8);
      case 2:
        return ReadVarint(value) && ReadBytes();
      case 5:
        return ReadFixed(4);
      default:
        return false;
    }
  }

  uint32_t number = 0;
  uint64_t value = 0;      // of a varint or a fixed number
  std::string_view bytes;  // of a length-delimited field

 private:
  bool ReadVarint(uint64_t& result) {
    result = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      result |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool ReadFixed(size_t size) {
    if (rest_.size() < size) return false;
    value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(size);
    return true;
  }
  bool ReadBytes() {
    if (value > rest_.size()) return false;
    bytes = rest_.substr(0, static_cast<size_t>(value));
    rest_.remove_prefix(bytes.size());
    return true;
  }

  std::string_view rest_;
};

inline nostd::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

inline double DoubleOf(uint64_t bits) {
  double number = 0;
  std::memcpy(&number, &bits, sizeof(number));
  return number;
}

// KeyValue messages as the API's attributes. Text stays where it is in the request.
class Attributes final : public common::KeyValueIterable {
 public:
  void Add(std::string_view key_value) {
    std::string_view key;
    std::string_view any;
    for (Fields field(key_value); field.Next();) {
      if (field.number == 1) key = field.bytes;
      if (field.number == 2) any = field.bytes;
    }
    pairs_.emplace_back(View(key), ValueOf(any));
  }

  bool ForEachKeyValue(nostd::function_ref<bool(nostd::string_view, common::AttributeValue)> call)
      const noexcept override {
    for (const auto& [key, value] : pairs_) {
      if (!call(key, value)) return false;
    }
    return true;
  }
  size_t size() const noexcept override { return pairs_.size(); }

 private:
  // The elements of an array, of which one kind is used.
  struct Array {
    std::vector<int64_t> numbers;
    std::vector<double> doubles;
    std::unique_ptr<bool[]> bools;
    std::vector<nostd::string_view> texts;
    std::deque<std::string> owned_texts;
  };

  common::AttributeValue ValueOf(std::string_view any) {
    Fields field(any);
    if (!field.Next()) return nostd::string_view();
    switch (field.number) {
      case 2:
        return field.value != 0;
      case 3:
        return static_cast<int64_t>(field.value);
      case 4:
        return DoubleOf(field.value);
      case 5:
        return ArrayOf(field.bytes);
      case 7:
        return nostd::span<const uint8_t>(reinterpret_cast<const uint8_t*>(field.bytes.data()),
                                          field.bytes.size());
      default:
        return View(field.bytes);
    }
  }

  // An array whose elements differ in type becomes texts.
  common::AttributeValue ArrayOf(std::string_view message) {
    std::vector<Fields> elements;
    bool same = true;
    for (Fields value(message); value.Next();) {
      Fields element(value.bytes);
      if (!element.Next()) element.number = 1;
      same = same && (elements.empty() || elements.front().number == element.number);
      elements.push_back(element);
    }
    arrays_.emplace_back();
    Array& array = arrays_.back();
    const uint32_t type = elements.empty() || !same ? 1 : elements.front().number;
    if (type == 2) {
      array.bools = std::make_unique<bool[]>(elements.size());
      for (size_t i = 0; i < elements.size(); ++i) array.bools[i] = elements[i].value != 0;
      return nostd::span<const bool>(array.bools.get(), elements.size());
    }
    if (type == 3) {
      for (const Fields& e : elements) array.numbers.push_back(static_cast<int64_t>(e.value));
      return nostd::span<const int64_t>(array.numbers.data(), array.numbers.size());
    }
    if (type == 4) {
      for (const Fields& e : elements) array.doubles.push_back(DoubleOf(e.value));
      return nostd::span<const double>(array.doubles.data(), array.doubles.size());
    }
    for (const Fields& e : elements) array.texts.push_back(TextOf(e, array));
    return nostd::span<const nostd::string_view>(array.texts.data(), array.texts.size());
  }
  static nostd::string_view TextOf(const Fields& element, Array& array) {
    if (element.number == 1) return View(element.bytes);
    array.owned_texts.push_back(element.number == 4
                                    ? std::to_string(DoubleOf(element.value))
                                    : std::to_string(static_cast<int64_t>(element.value)));
    return array.owned_texts.back();
  }

  std::vector<std::pair<nostd::string_view, common::AttributeValue>> pairs_;
  std::deque<Array> arrays_;
};

// The ids of a span, a parent or a link.
struct Ids {
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view trace_state;
  uint64_t flags = 0;

  trace_api::SpanContext ToContext() const {
    return {TraceIdOf(trace_id), SpanIdOf(span_id),
            trace_api::TraceFlags(static_cast<uint8_t>(flags)), false, ToTraceState()};
  }
  // Without the members whose keys the API does not know, for which it would keep none.
  nostd::shared_ptr<trace_api::TraceState> ToTraceState() const {
    using trace_api::TraceState;
    if (trace_state.empty()) return TraceState::GetDefault();
    std::string known;
    for (std::string_view rest = trace_state; !rest.empty();) {
      const std::string_view member = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(member.size() + 1, rest.size()));
      if (!TraceState::IsValidKey(View(member.substr(0, member.find('='))))) continue;
      if (!known.empty()) known += ',';
      known += member;
    }
    return TraceState::FromHeader(known);
  }
  static trace_api::TraceId TraceIdOf(std::string_view bytes) {
    uint8_t id[trace_api::TraceId::kSize] = {};
    if (bytes.size() == sizeof(id)) std::memcpy(id, bytes.data(), sizeof(id));
    return trace_api::TraceId(id);
  }
  static trace_api::SpanId SpanIdOf(std::string_view bytes) {
    uint8_t id[trace_api::SpanId::kSize] = {};
    if (bytes.size() == sizeof(id)) std::memcpy(id, bytes.data(), sizeof(id));
    return trace_api::SpanId(id);
  }
};

inline common::SystemTimestamp TimeOf(uint64_t unix_nanos) {
  return common::SystemTimestamp(std::chrono::nanoseconds(unix_nanos));
}

inline void ReadEvent(std::string_view message, opentelemetry::sdk::trace::Recordable& out) {
  uint64_t time = 0;
  std::string_view name;
  Attributes attributes;
  for (Fields field(message); field.Next();) {
    if (field.number == 1) time = field.value;
    if (field.number == 2) name = field.bytes;
    if (field.number == 3) attributes.Add(field.bytes);
  }
  out.AddEvent(View(name), TimeOf(time), attributes);
}

inline void ReadLink(std::string_view message, opentelemetry::sdk::trace::Recordable& out) {
  Ids ids;
  Attributes attributes;
  for (Fields field(message); field.Next();) {
    if (field.number == 1) ids.trace_id = field.bytes;
    if (field.number == 2) ids.span_id = field.bytes;
    if (field.number == 3) ids.trace_state = field.bytes;
    if (field.number == 4) attributes.Add(field.bytes);
    if (field.number == 6) ids.flags = field.value;
  }
  out.AddLink(ids.ToContext(), attributes);
}

inline void ReadStatus(std::string_view message, opentelemetry::sdk::trace::Recordable& out) {
  std::string_view description;
  uint64_t code = 0;
  for (Fields field(message); field.Next();) {
    if (field.number == 2) description = field.bytes;
    if (field.number == 3) code = field.value;
  }
  if (code <= 2) out.SetStatus(static_cast<trace_api::StatusCode>(code), View(description));
}

inline void ReadSpan(std::string_view message, opentelemetry::sdk::trace::Recordable& out) {
  Ids ids;
  std::string_view parent;
  Attributes attributes;
  uint64_t start = 0;
  uint64_t end = 0;
  for (Fields field(message); field.Next();) {
    switch (field.number) {
      case 1:
        ids.trace_id = field.bytes;
        break;
      case 2:
        ids.span_id = field.bytes;
        break;
      case 3:
        ids.trace_state = field.bytes;
        break;
      case 4:
        parent = field.bytes;
        break;
      case 5:
        out.SetName(View(field.bytes));
        break;
      case 6:
        if (field.value >= 1 && field.value <= 5) {
          out.SetSpanKind(static_cast<trace_api::SpanKind>(field.value - 1));
        }
        break;
      case 7:
        start = field.value;
        break;
      case 8:
        end = field.value;
        break;
      case 9:
        attributes.Add(field.bytes);
        break;
      case 11:
        ReadEvent(field.bytes, out);
        break;
      case 13:
        ReadLink(field.bytes, out);
        break;
      case 15:
        ReadStatus(field.bytes, out);
        break;
      case 16:
        ids.flags = field.value;
        break;
      default:
        break;
    }
  }
  const trace_api::SpanContext context = ids.ToContext();
  out.SetIdentity(context, Ids::SpanIdOf(parent));
  out.SetTraceFlags(context.trace_flags());
  out.SetStartTime(TimeOf(start));
  out.SetDuration(std::chrono::nanoseconds(end > start ? end - start : 0));
  attributes.ForEachKeyValue([&out](nostd::string_view key, common::AttributeValue value) noexcept {
    out.SetAttribute(key, value);
    return true;
  });
}

}  // namespace otel_exporter_detail

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
