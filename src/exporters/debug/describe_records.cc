// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "exporters/debug/describe.h"
#include "proto/field_reader.h"
#include "signal/batch.h"
#include "span/value.h"
#include "wire/otlp/otlp_records.h"

namespace spandrel::exporters {
namespace {

using signal::Signal;

// Field numbers of opentelemetry/proto/metrics/v1/metrics.proto and logs/v1/logs.proto.
constexpr uint32_t kMetricName = 1;
constexpr uint32_t kMetricGauge = 5;
constexpr uint32_t kMetricSum = 7;
constexpr uint32_t kMetricHistogram = 9;
constexpr uint32_t kMetricExponentialHistogram = 10;
constexpr uint32_t kMetricSummary = 11;
constexpr uint32_t kLogSeverityNumber = 2;
constexpr uint32_t kLogSeverityText = 3;
constexpr uint32_t kLogBody = 5;

std::string Quoted(std::string_view text) {
  std::string json;
  span::AppendJsonString(text, &json);
  return json;
}

std::string_view KindName(uint32_t field) {
  switch (field) {
    case kMetricGauge:
      return "gauge";
    case kMetricSum:
      return "sum";
    case kMetricHistogram:
      return "histogram";
    case kMetricExponentialHistogram:
      return "exponential histogram";
    case kMetricSummary:
      return "summary";
    default:
      return "";
  }
}

std::string MetricSummary(const signal::RecordRef& metric) {
  std::string_view name;
  std::string_view kind = "no data";
  std::string_view message = metric.message();
  proto::Field field;
  while (proto::NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == kMetricName) name = field.bytes;
    if (const auto found = KindName(field.number); !found.empty()) kind = found;
  }
  return fmt::format("metric {} {} {} with {} data points", Quoted(metric.service_name()),
                     Quoted(name), kind, metric.entry().items);
}

std::string LogSummary(const signal::RecordRef& record) {
  uint64_t severity = 0;
  std::string_view severity_text;
  span::ValueView body;
  std::string_view message = record.message();
  proto::Field field;
  while (proto::NextField(&message, &field)) {
    if (field.number == kLogSeverityNumber && field.is_varint()) severity = field.scalar;
    if (field.number == kLogSeverityText && field.is_bytes()) severity_text = field.bytes;
    if (field.number == kLogBody && field.is_bytes()) {
      body = span::ValueView::FromMessage(field.bytes);
    }
  }
  std::string line = fmt::format("log record {} severity {} {} body ",
                                 Quoted(record.service_name()), severity, Quoted(severity_text));
  span::AppendValueJson(body, &line);
  return line;
}

void WriteAttributes(span::AttributeReader attributes, const LineWriter& write_line) {
  while (const auto attribute = attributes.Next()) {
    std::string line = fmt::format("    {}: ", Quoted(attribute->key));
    span::AppendValueJson(attribute->value, &line);
    write_line(line);
  }
}

template <Signal kSignal>
void Describe(const signal::RecordBatch<kSignal>& batch, Verbosity verbosity,
              const LineWriter& write_line) {
  size_t resources = 0;
  for (const auto& chunk : batch.chunks()) resources += chunk->resources.size();
  write_line(fmt::format("{}: {} {} of {} resources, {} bytes", signal::SignalName(kSignal),
                         batch.item_count(), signal::ItemsWords(kSignal), resources,
                         batch.byte_size()));
  if (verbosity == Verbosity::kBasic) return;
  signal::ForEachRecord(batch, [&](const signal::RecordRef& record) {
    write_line(kSignal == Signal::kMetrics ? MetricSummary(record) : LogSummary(record));
    if (verbosity != Verbosity::kDetailed) return;
    write_line("  resource");
    WriteAttributes(record.resource().attributes(), write_line);
    const span::ScopeView scope = record.scope();
    write_line(fmt::format("  scope {} {}", Quoted(scope.name), Quoted(scope.version)));
    WriteAttributes(scope.attributes(), write_line);
    write_line("  " + wire::OtlpRecordJson(kSignal, record.message()));
  });
}

}  // namespace

void DescribeBatch(const signal::MetricBatch& batch, Verbosity verbosity,
                   const LineWriter& write_line) {
  Describe(batch, verbosity, write_line);
}

void DescribeBatch(const signal::LogBatch& batch, Verbosity verbosity,
                   const LineWriter& write_line) {
  Describe(batch, verbosity, write_line);
}

}  // namespace spandrel::exporters
