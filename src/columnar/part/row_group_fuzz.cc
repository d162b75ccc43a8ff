// SPDX-License-Identifier: Apache-2.0
// A part whose checksums are right but one of whose sections is any bytes: reading it must end with
// an answer or with DATA_LOSS.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "columnar/compaction/merge.h"
#include "columnar/part/part.h"
#include "columnar/part/test_part.h"
#include "columnar/read/part_source.h"

namespace spandrel::columnar {
namespace {

std::string ScratchPath() {
  char name[] = "/dev/shm/spandrel-fuzz-XXXXXX";  // synced files are slow on a disk
  const char* const folder = ::mkdtemp(name);
  return (folder == nullptr ? std::string("/tmp") : std::string(folder)) + "/part";
}

void ReadEverything(const PartPtr& part) {
  auto source = PartSource::Open(part, nullptr);
  if (!source.ok()) return;
  const auto matcher = Matcher::Make(
      storage::Predicate::Compare(storage::AttributeField{storage::AttributeScope::kAny, "key"},
                                  storage::CompareOp::kNotEqual, std::string("value")),
      {});
  for (uint32_t group = 0; group < part->footer().groups.size(); ++group) {
    source->ScanGroup(group, *matcher, Content::kFull, [](const span::SpanRef&) {});
    source->ReadTrace(group, span::TraceId(), Content::kFull);
  }
}

}  // namespace
}  // namespace spandrel::columnar

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel::columnar;
  static const std::string path = ScratchPath();
  if (size < 1) return 0;
  auto part = PartWriter::Create(path, Effort::kFast);
  if (!part.ok()) return 0;
  EncodedRowGroup group = SampleGroup(**part);
  EncodedSection& damaged = group.sections[data[0] % group.sections.size()];
  damaged.bytes.assign(reinterpret_cast<const char*>(data + 1), size - 1);
  damaged.raw_size = static_cast<uint32_t>(damaged.bytes.size());
  if (!(*part)->AddGroup(group).ok() || !(*part)->Finish(1, {}).ok()) return 0;
  const auto opened = Part::Open(path, 1);
  if (!opened.ok()) return 0;
  ReadEverything(*opened);
  const auto merged = MergeParts({*opened, *opened}, path + ".merged");
  (void)merged.ok();
  return 0;
}
