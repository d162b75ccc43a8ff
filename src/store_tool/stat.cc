// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "config/byte_size.h"
#include "store_tool/store_command.h"
#include "store_tool/store_facts.h"
#include "wire/json/json_writer.h"

namespace spandrel::store_tool {
namespace {

using columnar::PartInfo;

std::string NameOf(const PartInfo& part) {
  return part.file.substr(part.file.rfind('/') + 1);
}

std::string NameOf(const TenantFacts& tenant) {
  return tenant.name.empty() ? "(default)" : tenant.name;
}

std::string JoinServices(const std::vector<std::string>& services) {
  return fmt::format("{}: {}", services.size(), fmt::join(services, ", "));
}

void PrintTotals(const StoreFacts& facts) {
  const auto row = [](std::string_view name, const std::string& value) {
    fmt::print("{:<14} {}\n", name, value);
  };
  row("directory", facts.directory);
  row("spans", WithCommas(facts.all.spans));
  row("traces", WithCommas(facts.all.traces));
  row("services", JoinServices(facts.all.services));
  row("parts", fmt::format("{} ({})", facts.all.parts.size(),
                           config::FormatByteSize(facts.all.part_bytes())));
  row("bytes a span", fmt::format("{:.1f} (in parts)", facts.bytes_per_span()));
  row("log", fmt::format("{} ({} spans not in parts yet)", config::FormatByteSize(facts.log_bytes),
                         WithCommas(facts.all.log_spans)));
  if (const PartInfo dropped = facts.dropped_by_policy(); dropped.policy_applied) {
    row("policy",
        fmt::format("{} spans of {} traces dropped by policy; what is stored counts as {} spans",
                    WithCommas(dropped.dropped_spans), WithCommas(dropped.dropped_traces),
                    WithCommas(facts.all.counted_spans)));
  }
  row("quarantine", fmt::format("{} files", facts.quarantined_files));
  if (facts.has_named_tenants()) row("tenants", WithCommas(facts.tenants.size()));
}

void PrintTenants(const StoreFacts& facts) {
  fmt::print("\n{:<30} {:>12} {:>12} {:>9} {:>6} {:>12}\n", "tenant", "spans", "traces", "services",
             "parts", "size");
  for (const TenantFacts& tenant : facts.tenants) {
    fmt::print("{:<30} {:>12} {:>12} {:>9} {:>6} {:>12}\n", NameOf(tenant),
               WithCommas(tenant.spans), WithCommas(tenant.traces), tenant.services.size(),
               tenant.parts.size(), config::FormatByteSize(tenant.part_bytes()));
  }
}

void PrintPart(const PartInfo& part, std::string_view tenant) {
  const double per_span =
      static_cast<double>(part.bytes) / static_cast<double>(std::max<uint64_t>(part.spans, 1));
  fmt::print("{:<16} {:>12} {:>12} {:>12} {:>8.1f}  {:<20}  {:<20}{}\n", NameOf(part),
             WithCommas(part.spans), WithCommas(part.traces), config::FormatByteSize(part.bytes),
             per_span, FormatTime(part.min_start_unix_nano), FormatTime(part.max_start_unix_nano),
             tenant);
}

void PrintParts(const StoreFacts& facts) {
  const bool has_tenants = facts.has_named_tenants();
  fmt::print("\n{:<16} {:>12} {:>12} {:>12} {:>8}  {:<20}  {:<20}{}\n", "part", "spans", "traces",
             "size", "B/span", "oldest start", "newest start", has_tenants ? "  tenant" : "");
  for (const TenantFacts& tenant : facts.tenants) {
    const std::string name = has_tenants ? "  " + NameOf(tenant) : "";
    for (const PartInfo& part : tenant.parts) PrintPart(part, name);
  }
}

void PrintText(const StoreFacts& facts) {
  PrintTotals(facts);
  if (facts.has_named_tenants()) PrintTenants(facts);
  if (!facts.all.parts.empty()) PrintParts(facts);
}

void WriteNumber(std::string_view key, uint64_t value, wire::JsonWriter* json) {
  json->Key(key);
  json->Uint(value);
}

void WriteText(std::string_view key, std::string_view value, wire::JsonWriter* json) {
  json->Key(key);
  json->String(value);
}

void WritePart(const PartInfo& part, const TenantFacts& tenant, wire::JsonWriter* json) {
  json->OpenObject();
  WriteText("file", NameOf(part), json);
  WriteText("tenant", tenant.name, json);
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

// What is said of all tenants together, and of each.
void WriteSums(const TenantFacts& tenant, wire::JsonWriter* json) {
  WriteNumber("spans", tenant.spans, json);
  WriteNumber("traces", tenant.traces, json);
  WriteNumber("countedSpans", tenant.counted_spans, json);
  json->Key("services");
  json->OpenArray();
  for (const std::string& service : tenant.services) json->String(service);
  json->CloseArray();
  WriteNumber("partBytes", tenant.part_bytes(), json);
  WriteNumber("logSpans", tenant.log_spans, json);
}

std::string ToJson(const StoreFacts& facts) {
  std::string text;
  wire::JsonWriter json(&text);
  json.OpenObject();
  WriteText("directory", facts.directory, &json);
  WriteSums(facts.all, &json);
  json.Key("bytesPerSpan");
  json.Double(facts.bytes_per_span());
  WriteNumber("logBytes", facts.log_bytes, &json);
  WriteNumber("quarantinedFiles", facts.quarantined_files, &json);
  json.Key("tenants");
  json.OpenArray();
  for (const TenantFacts& tenant : facts.tenants) {
    json.OpenObject();
    WriteText("name", tenant.name, &json);
    WriteSums(tenant, &json);
    json.CloseObject();
  }
  json.CloseArray();
  json.Key("parts");
  json.OpenArray();
  for (const TenantFacts& tenant : facts.tenants) {
    for (const PartInfo& part : tenant.parts) WritePart(part, tenant, &json);
  }
  json.CloseArray();
  json.CloseObject();
  return text;
}

}  // namespace

int PrintStat(columnar::Engine& store, const StoreCommandOptions& options) {
  const auto facts = CollectFacts(store);
  if (!facts.ok()) return Fail(facts.status());
  if (options.json) {
    fmt::print("{}\n", ToJson(*facts));
  } else {
    PrintText(*facts);
  }
  return 0;
}

}  // namespace spandrel::store_tool
