// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "config/byte_size.h"
#include "store_tool/store_command.h"
#include "wire/json/json_writer.h"

namespace spandrel::store_tool {
namespace {

using columnar::PartInfo;

// What `stat` prints.
struct StoreFacts {
  std::string directory;
  storage::StoreStats stats;
  uint64_t traces = 0;
  std::vector<std::string> services;
  std::vector<PartInfo> parts;
  uint64_t quarantined_files = 0;
  uint64_t counted_spans = 0;  // what the spans stand for, those that retention dropped included

  uint64_t part_bytes() const { return stats.Figure("part_bytes").value_or(0); }
  uint64_t log_bytes() const { return stats.Figure("log_bytes").value_or(0); }
  uint64_t log_spans() const { return stats.Figure("head_spans").value_or(0); }
  double bytes_per_span() const {
    uint64_t spans = 0;
    for (const PartInfo& part : parts) spans += part.spans;
    return spans == 0 ? 0 : static_cast<double>(part_bytes()) / static_cast<double>(spans);
  }
  PartInfo policy_totals() const {
    PartInfo sum;
    for (const PartInfo& part : parts) {
      sum.policy_applied |= part.policy_applied;
      sum.dropped_spans += part.dropped_spans;
      sum.dropped_traces += part.dropped_traces;
    }
    return sum;
  }
};

uint64_t FilesIn(const std::string& folder) {
  std::error_code error;
  const std::filesystem::directory_iterator files(folder, error);
  return error ? 0 : static_cast<uint64_t>(std::distance(begin(files), end(files)));
}

base::Result<uint64_t> CountSpans(columnar::Engine& store) {
  const auto counted = store.Aggregate({}, {});
  if (!counted.ok()) return counted.status();
  uint64_t count = 0;
  for (const auto& series : counted->series) {
    for (const auto& bucket : series.buckets) count += bucket.count;
  }
  return count;
}

base::Result<StoreFacts> Collect(columnar::Engine& store) {
  StoreFacts facts;
  facts.directory = store.options().directory;
  facts.stats = store.Stats();
  facts.parts = store.Parts();
  facts.quarantined_files = FilesIn(facts.directory + "/quarantine");
  const auto traces = store.CountTraces({}, {}, {});
  if (!traces.ok()) return traces.status();
  facts.traces = *traces;
  const auto counted = CountSpans(store);
  if (!counted.ok()) return counted.status();
  facts.counted_spans = *counted;
  auto services = store.Services({});
  if (!services.ok()) return services.status();
  facts.services = *std::move(services);
  return facts;
}

std::string NameOf(const PartInfo& part) {
  return part.file.substr(part.file.rfind('/') + 1);
}

std::string JoinServices(const std::vector<std::string>& services) {
  return fmt::format("{}: {}", services.size(), fmt::join(services, ", "));
}

void PrintText(const StoreFacts& facts) {
  const auto row = [](std::string_view name, const std::string& value) {
    fmt::print("{:<14} {}\n", name, value);
  };
  row("directory", facts.directory);
  row("spans", WithCommas(facts.stats.spans));
  row("traces", WithCommas(facts.traces));
  row("services", JoinServices(facts.services));
  row("parts",
      fmt::format("{} ({})", facts.parts.size(), config::FormatByteSize(facts.part_bytes())));
  row("bytes a span", fmt::format("{:.1f} (in parts)", facts.bytes_per_span()));
  row("log", fmt::format("{} ({} spans not in parts yet)",
                         config::FormatByteSize(facts.log_bytes()), WithCommas(facts.log_spans())));
  if (const PartInfo totals = facts.policy_totals(); totals.policy_applied) {
    row("policy",
        fmt::format("{} spans of {} traces dropped by policy; what is stored counts as {} spans",
                    WithCommas(totals.dropped_spans), WithCommas(totals.dropped_traces),
                    WithCommas(facts.counted_spans)));
  }
  row("quarantine", fmt::format("{} files", facts.quarantined_files));
  if (facts.parts.empty()) return;
  fmt::print("\n{:<16} {:>12} {:>12} {:>12} {:>8}  {:<20}  {}\n", "part", "spans", "traces", "size",
             "B/span", "oldest start", "newest start");
  for (const PartInfo& part : facts.parts) {
    const double per_span =
        static_cast<double>(part.bytes) / static_cast<double>(std::max<uint64_t>(part.spans, 1));
    fmt::print("{:<16} {:>12} {:>12} {:>12} {:>8.1f}  {:<20}  {}\n", NameOf(part),
               WithCommas(part.spans), WithCommas(part.traces), config::FormatByteSize(part.bytes),
               per_span, FormatTime(part.min_start_unix_nano),
               FormatTime(part.max_start_unix_nano));
  }
}

void WriteNumber(std::string_view key, uint64_t value, wire::JsonWriter* json) {
  json->Key(key);
  json->Uint(value);
}

void WritePart(const PartInfo& part, wire::JsonWriter* json) {
  json->OpenObject();
  json->Key("file");
  json->String(NameOf(part));
  WriteNumber("bytes", part.bytes, json);
  WriteNumber("spans", part.spans, json);
  WriteNumber("traces", part.traces, json);
  WriteNumber("minStartUnixNano", part.min_start_unix_nano, json);
  WriteNumber("maxStartUnixNano", part.max_start_unix_nano, json);
  json->Key("policyApplied");
  json->Bool(part.policy_applied);
  WriteNumber("droppedSpans", part.dropped_spans, json);
  WriteNumber("droppedTraces", part.dropped_traces, json);
  json->CloseObject();
}

std::string ToJson(const StoreFacts& facts) {
  std::string text;
  wire::JsonWriter json(&text);
  json.OpenObject();
  json.Key("directory");
  json.String(facts.directory);
  WriteNumber("spans", facts.stats.spans, &json);
  WriteNumber("traces", facts.traces, &json);
  WriteNumber("countedSpans", facts.counted_spans, &json);
  json.Key("services");
  json.OpenArray();
  for (const std::string& service : facts.services) json.String(service);
  json.CloseArray();
  WriteNumber("partBytes", facts.part_bytes(), &json);
  json.Key("bytesPerSpan");
  json.Double(facts.bytes_per_span());
  WriteNumber("logBytes", facts.log_bytes(), &json);
  WriteNumber("logSpans", facts.log_spans(), &json);
  WriteNumber("quarantinedFiles", facts.quarantined_files, &json);
  json.Key("parts");
  json.OpenArray();
  for (const PartInfo& part : facts.parts) WritePart(part, &json);
  json.CloseArray();
  json.CloseObject();
  return text;
}

}  // namespace

int PrintStat(columnar::Engine& store, const StoreCommandOptions& options) {
  const auto facts = Collect(store);
  if (!facts.ok()) return Fail(facts.status());
  if (options.json) {
    fmt::print("{}\n", ToJson(*facts));
  } else {
    PrintText(*facts);
  }
  return 0;
}

}  // namespace spandrel::store_tool
