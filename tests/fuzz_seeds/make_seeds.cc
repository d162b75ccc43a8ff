// SPDX-License-Identifier: Apache-2.0
// usage: spandrel_fuzz_seeds FOLDER
//
// Writes the seeds of fuzz targets that read what our own encoders, or libprotobuf, write. To be
// run again, with the folder `fuzz`, when one of these formats changes.
#include <zstd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/crc32c.h"
#include "base/fixed.h"
#include "columnar/compaction/retention_file.h"
#include "columnar/manifest/manifest.h"
#include "columnar/part/format/part_format.h"
#include "columnar/part/read/part.h"
#include "columnar/testing/part.h"
#include "columns/dictionary_text.h"
#include "columns/packed_ints.h"
#include "columns/patterned_text.h"
#include "columns/text_column.h"
#include "conformance/test_spans.h"
#include "journal/log_record.h"
#include "sdk/export/spool.h"
#include "store_tool/otlp_file.h"
#include "wire/jaeger/jaeger.h"
#include "wire/otlp/otlp.h"
#include "wire/testing/random_request.h"

namespace spandrel {
namespace {

namespace fs = std::filesystem;

class Seeds {
 public:
  explicit Seeds(fs::path root) : root_(std::move(root)), scratch_(root_ / "scratch") {
    fs::create_directories(scratch_);
  }
  ~Seeds() { fs::remove_all(scratch_); }
  Seeds(const Seeds&) = delete;
  Seeds& operator=(const Seeds&) = delete;

  void Add(const std::string& target, const std::string& name, std::string_view bytes) const {
    fs::create_directories(root_ / target);
    std::ofstream(root_ / target / name, std::ios::binary) << bytes;
  }
  std::string scratch(const std::string& name) const { return scratch_ / name; }

 private:
  const fs::path root_;
  const fs::path scratch_;
};

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

span::SpanBatch Decoded(std::string request) {
  auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(request)));
  SPANDREL_CHECK(decoded.ok());
  return span::SpanBatch(decoded->chunk);
}

// Requests of libprotobuf with every kind of field, none too large.
std::vector<std::string> RandomRequests(size_t count) {
  constexpr size_t kMaxBytes = 1500;
  std::vector<std::string> requests;
  for (uint64_t seed = 1; requests.size() < count; ++seed) {
    std::string request = wire::RandomRequest(seed).Make().SerializeAsString();
    const bool is_useful = request.size() > 200 && request.size() <= kMaxBytes;
    if (is_useful && wire::DecodeOtlpProtobuf(base::MakeSharedBytes(request)).ok()) {
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

void AddRequests(const Seeds& seeds, const std::vector<std::string>& requests) {
  for (size_t i = 0; i < requests.size(); ++i) {
    const std::string name = "request-" + std::to_string(i);
    const span::SpanBatch batch = Decoded(requests[i]);
    seeds.Add("otlp_protobuf_fuzz", name, requests[i]);
    seeds.Add("otlp_peer_fuzz", name, requests[i]);
    seeds.Add("value_filter_fuzz", name, requests[i]);
    seeds.Add("round_trip_fuzz", name, requests[i]);
    seeds.Add("otlp_json_fuzz", name, wire::EncodeOtlpJson(batch));
    seeds.Add("jaeger_fuzz", name, requests[i]);
    for (const std::string& post : wire::EncodePostSpansRequests(batch)) {
      seeds.Add("jaeger_fuzz", "post-spans-" + std::to_string(i), post);
    }
  }
}

// A file of these requests behind the two bytes of choices.
void AddImportFile(const Seeds& seeds, const std::vector<std::string>& requests,
                   store_tool::OtlpFormat format, store_tool::Compression compression) {
  static constexpr std::array<const char*, 2> kFormats = {"json", "proto"};
  static constexpr std::array<const char*, 3> kCompressions = {"plain", "gzip", "zstd"};
  const auto number = static_cast<size_t>(compression);
  const std::string path = seeds.scratch("import");
  auto sink = store_tool::ByteSink::Open(path, compression, true);
  SPANDREL_CHECK(sink.ok());
  for (const std::string& request : requests) {
    SPANDREL_CHECK((*sink)->Write(EncodeFileEntry(Decoded(request), format)).ok());
  }
  SPANDREL_CHECK((*sink)->Finish().ok());
  const std::string choices{'\x1f', static_cast<char>(number * 2 + static_cast<size_t>(format))};
  const std::string name =
      std::string(kFormats[static_cast<size_t>(format)]) + "-" + kCompressions[number];
  seeds.Add("otlp_file_fuzz", name, choices + ReadFile(path));
}

void AddImportFiles(const Seeds& seeds, const std::vector<std::string>& requests) {
  using store_tool::Compression;
  for (const auto format : {store_tool::OtlpFormat::kJson, store_tool::OtlpFormat::kProto}) {
    for (const auto compression : {Compression::kNone, Compression::kGzip, Compression::kZstd}) {
      AddImportFile(seeds, requests, format, compression);
    }
  }
}

void AddSpoolFile(const Seeds& seeds, const std::string& request) {
  const std::string folder = seeds.scratch("spool");
  sdk::Spool spool(folder, 1 << 20);
  SPANDREL_CHECK(spool.Write(request, 3));
  seeds.Add("spool_fuzz", "whole", ReadFile(folder + "/" + spool.Oldest()->name));
  seeds.Add("spool_fuzz", "request", request);
}

void AddRetentionFile(const Seeds& seeds) {
  columnar::StoreLayout layout(seeds.scratch("store"));
  fs::create_directories(layout.root);
  SPANDREL_CHECK(columnar::SaveRetentionClock(layout, 1'700'000'000'000'000'000).ok());
  seeds.Add("retention_file_fuzz", "whole", ReadFile(layout.root + "/retention-clock"));
}

void AddManifests(const Seeds& seeds) {
  columnar::Manifest manifest;
  const auto add = [&](const char* name) {
    const std::string bytes = EncodeManifest(manifest);
    seeds.Add("manifest_fuzz", name, std::string_view(bytes).substr(0, bytes.size() - 4));
  };
  add("empty");
  manifest = {.next_part_number = 7,
              .sealed_through = 1'000,
              .released_through = 900,
              .parts = {{3, 0x0123456789abcdef}, {6, 42}}};
  add("two-parts");
}

// Log records as the fuzz target takes them: a file, and choices with bodies that it makes one of.
void AddLogs(const Seeds& seeds) {
  // Not the target's own: what no writer can know must not be in the bodies that it is given.
  constexpr uint64_t kEpoch = 0x0123456789abcdef;
  const auto header = journal::EncodeLogFileHeader(kEpoch);
  std::string file(header.begin(), header.end());
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) {
    const std::string body = "request " + std::to_string(sequence);
    const auto record = journal::EncodeLogRecordHeader(
        kEpoch, sequence, static_cast<uint32_t>(body.size()), base::Crc32c(body));
    file.append(record.begin(), record.end()).append(body);
    file.resize((file.size() + journal::kLogAlignment - 1) / journal::kLogAlignment *
                journal::kLogAlignment);
  }
  seeds.Add("log_record_fuzz", "file", file);
  seeds.Add("log_record_fuzz", "bodies", std::string("\0\xff\2\3one\0\3two\1\5three\2\4four", 23));
  seeds.Add("log_record_fuzz", "damaged", std::string("\2\0\x50\1\0\x90\xff\0\2\3one\2\3two", 17));
}

// What was released, then files: two choices, records (a choice and a body), whether it is damaged.
void AddReplayLogs(const Seeds& seeds) {
  using namespace std::string_literals;
  const std::string first = "\0\3\0\3one\1\3two\4\4four\1"s;
  const std::string second = "\1\4\3\3two\0\4five\2\5stale\0\3six\1"s;
  const std::string damaged = "\2\2\0\3one\0\3two\0\1\0\x40\xff\0"s;
  seeds.Add("log_replay_fuzz", "two-files", "\0"s + first + second);
  seeds.Add("log_replay_fuzz", "released", "\3"s + first + second + first);
  seeds.Add("log_replay_fuzz", "damaged", "\0"s + first + damaged + second);
}

// Without the trailer (length, checksum, file id and magic), which the target appends.
void AddFooter(const Seeds& seeds, const std::string& name, const columnar::PartFooter& footer) {
  constexpr size_t kTrailerBytes = 4 + 4 + 8 + 8;
  const std::string end = EncodePartFooter(footer);
  seeds.Add("part_footer_fuzz", name, end.substr(0, end.size() - kTrailerBytes));
}

// Texts of one shape, each with its number.
std::vector<std::string> Texts(size_t count, const std::function<std::string(size_t)>& text) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) texts.push_back(text(i));
  return texts;
}

// A column of these texts in each encoding that takes them.
void AddTextColumn(const Seeds& seeds, const std::string& name,
                   const std::vector<std::string>& texts) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::string plain;
  columns::EncodePlainText(views, &plain);
  seeds.Add("text_column_fuzz", name + "-plain", plain);
  std::string patterned;
  if (columns::EncodePatternedText(views, 1, &patterned)) {
    seeds.Add("text_column_fuzz", name + "-patterned", patterned);
  }
  std::vector<uint32_t> codes;
  for (uint32_t i = 0; i < views.size() * 2; ++i) codes.push_back(i % uint32_t(views.size()));
  std::string dictionary;
  columns::EncodeDictionaryText(views, codes, &dictionary);
  seeds.Add("text_column_fuzz", name + "-dictionary", dictionary);
}

void AddColumns(const Seeds& seeds) {
  const auto hex = [](size_t i) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(32, '0');
    for (size_t at = 0; at < text.size(); ++at) text[at] = kDigits[(i * 7 + at * 5) % 16];
    return text;
  };
  const auto uuid = [&](size_t i) {
    std::string text = hex(i);
    for (const size_t dash : {8, 13, 18, 23}) text.insert(dash, 1, '-');
    return text;
  };
  const auto url = [](size_t i) {
    return "/orders/" + std::to_string(i * 7919) + "/items?page=" + std::to_string(i);
  };
  AddTextColumn(seeds, "hex", Texts(24, hex));
  AddTextColumn(seeds, "uuid", Texts(24, uuid));
  AddTextColumn(seeds, "url", Texts(40, url));
  AddTextColumn(seeds, "few", {"GET", "POST", "", "a longer text than the others"});
  const auto add_numbers = [&](const char* name, const std::function<uint64_t(uint64_t)>& number) {
    std::vector<uint64_t> numbers;
    for (uint64_t i = 0; i < 64; ++i) numbers.push_back(number(i));
    std::string bytes;
    columns::EncodePackedInts(numbers, &bytes);
    seeds.Add("packed_ints_fuzz", name, bytes);
  };
  add_numbers("same", [](uint64_t) { return 7; });
  add_numbers("small", [](uint64_t i) { return i * 5 % 13; });
  add_numbers("rising", [](uint64_t i) { return 1'700'000'000'000'000'000 + i * i * 1000; });
  add_numbers("wide", [](uint64_t i) { return i * 0x9e3779b97f4a7c15; });
}

// A section that has a fuzz target of its own.
void AddSection(const Seeds& seeds, columnar::SectionKind kind, const std::string& raw) {
  if (kind == columnar::SectionKind::kTemplates) seeds.Add("template_table_fuzz", "sample", raw);
  if (kind == columnar::SectionKind::kLatencies) seeds.Add("latency_table_fuzz", "sample", raw);
}

// A part of the sample's spans: its footer, and each section as the first choice of bytes that the
// fuzz target puts in its place.
void AddPart(const Seeds& seeds) {
  const std::string path = seeds.scratch("part");
  auto part = columnar::PartWriter::Create(path, columnar::Effort::kFast);
  SPANDREL_CHECK(part.ok());
  const columnar::EncodedRowGroup group = columnar::SampleGroup(**part);
  SPANDREL_CHECK((*part)->AddGroup(group).ok() && (*part)->Finish(1, {2, 3}).ok());
  const std::string file = ReadFile(path);
  auto footer = columnar::ParsePartFooter(file);
  SPANDREL_CHECK(footer.ok());
  footer->file_id = 42;  // was drawn by lot
  AddFooter(seeds, "footer", *footer);
  footer->policy = columnar::PolicyRecord{5, 2, {7, 99}};
  AddFooter(seeds, "judged", *footer);
  for (size_t i = 0; i < group.sections.size(); ++i) {
    const columnar::EncodedSection& section = group.sections[i];
    std::string raw = section.bytes;
    if (section.raw_size != raw.size()) {
      raw.resize(section.raw_size);
      ZSTD_decompress(raw.data(), raw.size(), section.bytes.data(), section.bytes.size());
    }
    AddSection(seeds, section.kind, raw);
    const std::string choices{static_cast<char>(i % 5), static_cast<char>(i * 2)};
    seeds.Add("row_group_fuzz", "section-" + std::to_string(i), choices + raw);
    seeds.Add("row_group_fuzz", "damage-" + std::to_string(i),
              choices.substr(0, 1) + static_cast<char>(i * 2 + 1) + std::string("\1\0\7\x10\0", 5));
  }
}

}  // namespace
}  // namespace spandrel

int main(int argc, char** argv) {
  using namespace spandrel;
  if (argc != 2) return 2;
  const Seeds seeds(argv[1]);
  AddRequests(seeds, RandomRequests(4));
  const std::vector<std::string> few = {
      conformance::EncodeRequest({{.trace = 1, .attributes = {{"key", "value"}}}}),
      conformance::EncodeRequest({{.trace = 2}, {.trace = 2, .span = 2, .parent = 1}})};
  AddImportFiles(seeds, few);
  AddSpoolFile(seeds, few.front());
  AddRetentionFile(seeds);
  AddManifests(seeds);
  AddLogs(seeds);
  AddReplayLogs(seeds);
  AddPart(seeds);
  AddColumns(seeds);
  return 0;
}
