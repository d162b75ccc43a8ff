// SPDX-License-Identifier: Apache-2.0
// A file to be imported, plain or compressed, read from the real source whole and in pieces. The
// first byte says in which, the second in which form what was read is written again.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "store_tool/otlp_file.h"
#include "wire/otlp/otlp.h"

namespace spandrel::store_tool {
namespace {

using base::Status;
using base::StatusCode;

// A file in memory that can be opened by its path.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) { SPANDREL_CHECK(fd_ >= 0); }
  explicit MemoryFile(std::string_view bytes) : MemoryFile() {
    SPANDREL_CHECK(::write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  const int fd_;
};

// What comes of a source a few bytes at a time.
class PiecewiseSource final : public ByteSource {
 public:
  PiecewiseSource(std::unique_ptr<ByteSource> source, size_t piece)
      : source_(std::move(source)), piece_(piece) {}
  base::Result<size_t> Read(char* bytes, size_t size) override {
    return source_->Read(bytes, std::min(size, piece_));
  }
  uint64_t position() const override { return source_->position(); }
  uint64_t size() const override { return source_->size(); }

 private:
  const std::unique_ptr<ByteSource> source_;
  const size_t piece_;
};

struct FileContent {
  std::vector<span::SpanBatch> batches;
  std::vector<std::string> json;
  uint64_t rejected_spans = 0;
  Status status;
};

void CheckEnd(const OtlpFileReader& reader, const Status& status) {
  SPANDREL_CHECK(reader.source().position() <= reader.source().size());
  if (status.ok()) {
    SPANDREL_CHECK(reader.source().position() == reader.source().size());
    return;
  }
  SPANDREL_CHECK(status.code() == StatusCode::kInvalidArgument ||
                 status.code() == StatusCode::kDataLoss);
  SPANDREL_CHECK(!status.message().empty());
}

FileContent ReadAll(const MemoryFile& file, size_t piece) {
  FileContent content;
  auto source = ByteSource::Open(file.path());
  SPANDREL_CHECK(source.ok());
  OtlpFileReader reader(std::make_unique<PiecewiseSource>(*std::move(source), piece));
  auto entry = reader.Next();
  for (; entry.ok() && *entry; entry = reader.Next()) {
    content.json.push_back(wire::EncodeOtlpJson((*entry)->batch));
    content.rejected_spans += (*entry)->rejected_spans;
    content.batches.push_back(std::move((*entry)->batch));
  }
  content.status = entry.status();
  CheckEnd(reader, content.status);
  return content;
}

void WriteAll(const FileContent& content, OtlpFormat format, Compression compression,
              const MemoryFile& file) {
  auto sink = ByteSink::Open(file.path(), compression, true);
  SPANDREL_CHECK(sink.ok());
  for (const span::SpanBatch& batch : content.batches) {
    SPANDREL_CHECK((*sink)->Write(EncodeFileEntry(batch, format)).ok());
  }
  SPANDREL_CHECK((*sink)->Finish().ok());
}

// What an export writes of these batches, an import reads.
void CheckRoundTrip(const FileContent& content, uint8_t choice) {
  const auto format = choice % 2 == 0 ? OtlpFormat::kJson : OtlpFormat::kProto;
  const auto compression = static_cast<Compression>(choice / 2 % 3);
  const MemoryFile file;
  WriteAll(content, format, compression, file);
  const FileContent again = ReadAll(file, size_t{1} << 20);
  SPANDREL_CHECK(again.status.ok() && again.rejected_spans == 0);
  SPANDREL_CHECK(again.batches.size() == content.batches.size());
  for (size_t i = 0; i < again.batches.size(); ++i) {
    SPANDREL_CHECK(again.batches[i].span_count() == content.batches[i].span_count());
    if (format == OtlpFormat::kProto) SPANDREL_CHECK(again.json[i] == content.json[i]);
  }
}

// The same, however large the reads are; but of damaged compression they come differently far.
void CheckSame(const FileContent& a, const FileContent& b) {
  SPANDREL_CHECK(a.status.ok() == b.status.ok());
  const bool is_damaged =
      a.status.code() == StatusCode::kDataLoss || b.status.code() == StatusCode::kDataLoss;
  const size_t common = std::min(a.json.size(), b.json.size());
  SPANDREL_CHECK(std::equal(a.json.begin(), a.json.begin() + common, b.json.begin()));
  if (is_damaged) return;
  SPANDREL_CHECK(a.json.size() == b.json.size() && a.rejected_spans == b.rejected_spans);
  SPANDREL_CHECK(a.status.ToString() == b.status.ToString());
}

}  // namespace
}  // namespace spandrel::store_tool

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel::store_tool;
  if (size < 2) return 0;
  const MemoryFile file({reinterpret_cast<const char*>(data) + 2, size - 2});
  const FileContent whole = ReadAll(file, size_t{1} << 20);
  const FileContent cut = ReadAll(file, size_t{data[0]} + 1);
  CheckSame(cut, whole);
  CheckRoundTrip(whole, data[1]);
  return 0;
}
