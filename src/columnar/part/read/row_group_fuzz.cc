// SPDX-License-Identifier: Apache-2.0
// A part whose checksums are right but one of whose sections is any bytes, or has some bytes
// changed: reading it must end with an answer or with DATA_LOSS.
#include <zstd.h>

#include <string>

#include "base/log.h"
#include "base/testing/fuzz_input.h"
#include "base/testing/memory_directory.h"
#include "columnar/compaction/merge.h"
#include "columnar/part/read/part.h"
#include "columnar/read/count/aggregate.h"
#include "columnar/read/count/dependencies.h"
#include "columnar/read/list/lists.h"
#include "columnar/read/traces/fetch.h"
#include "columnar/read/traces/search.h"
#include "columnar/read/traces/verify.h"
#include "columnar/testing/part.h"

namespace spandrel::columnar {
namespace {

using storage::AttributeField;
using storage::AttributeScope;
using storage::CompareOp;
using storage::Intrinsic;
using storage::Predicate;

// The sections of a row group, none of them compressed.
EncodedRowGroup PlainGroup(PartWriter& part) {
  EncodedRowGroup group = SampleGroup(part);
  for (EncodedSection& section : group.sections) {
    if (section.raw_size == section.bytes.size()) continue;
    std::string raw(section.raw_size, '\0');
    ZSTD_decompress(raw.data(), raw.size(), section.bytes.data(), section.bytes.size());
    section.bytes = std::move(raw);
  }
  return group;
}

void DamageSection(base::FuzzInput input, EncodedRowGroup* group) {
  const uint8_t choice = input.Byte();
  EncodedSection& section = group->sections[choice / 2 % group->sections.size()];
  if (choice % 2 == 0) {
    section.bytes = input.Rest();
  } else {
    input.Damage(&section.bytes);
  }
  section.raw_size = static_cast<uint32_t>(section.bytes.size());
}

Predicate TextIs(AttributeScope scope, const char* key, CompareOp op, const char* text) {
  return Predicate::Compare(AttributeField{scope, key}, op, std::string(text));
}

const std::vector<Predicate>& Conditions() {
  static const std::vector<Predicate> conditions = {
      Predicate::All(), TextIs(AttributeScope::kAny, "key", CompareOp::kNotEqual, "value"),
      TextIs(AttributeScope::kSpan, "url", CompareOp::kEqual, "/orders/7919/items"),
      TextIs(AttributeScope::kSpan, "url", CompareOp::kMatches, "9"),
      Predicate::Compare(Intrinsic::kDuration, CompareOp::kGreater, int64_t{1'000'000})};
  return conditions;
}

// What each reader answers does not matter.
void AskEverything(const Snapshot& snapshot, const Predicate& where) {
  for (const auto order : {storage::Order::kNewest, storage::Order::kSlowest}) {
    (void)SearchTraces({}, snapshot, {.where = where, .order = order, .limit = 3}).ok();
  }
  (void)AggregateSpans({}, snapshot, {.where = where, .unit = storage::CountUnit::kTraces}).ok();
  (void)AggregateSpans({}, snapshot,
                       {.where = where,
                        .group_by = {AttributeField{AttributeScope::kSpan, "key"}},
                        .step_nano = 1000})
      .ok();
  (void)ListTagNames({}, snapshot, where, {}, 10).ok();
  (void)AggregateSpans({}, snapshot, {.group_by = {Intrinsic::kServiceName}}).ok();
  (void)ListTagValues({}, snapshot, AttributeField{AttributeScope::kSpan, "url"}, {}, {}, 10).ok();
  (void)ListTagValues({}, snapshot, Intrinsic::kEventName, {}, {}, 10).ok();
  (void)FindDependencies({}, snapshot, {}).ok();
  (void)ListServices({}, snapshot).ok();
  (void)ListOperations({}, snapshot, "").ok();
  for (uint8_t number = 0; number < 3; ++number) {
    span::TraceId id;
    id.bytes.fill(number);
    (void)ReadTrace({}, snapshot, id).ok();
  }
}

}  // namespace
}  // namespace spandrel::columnar

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  using namespace spandrel::columnar;
  static const base::MemoryDirectory folder;
  const std::string path = folder.path() + "/part";
  static const bool quiet = (spandrel::base::SetLogLevel(spandrel::base::LogLevel::kOff), true);
  (void)quiet;
  if (size < 2) return 0;
  base::FuzzInput input(data, size);
  const Predicate& where = Conditions()[input.Byte() % Conditions().size()];
  auto part = PartWriter::Create(path, Effort::kFast);
  if (!part.ok()) return 0;
  EncodedRowGroup group = PlainGroup(**part);
  DamageSection(input, &group);
  if (!(*part)->AddGroup(group).ok() || !(*part)->Finish(1, {}).ok()) return 0;
  // Opened anew for each way, so that each meets the damage first.
  const auto opened = Part::Open(path, 1);
  if (!opened.ok()) return 0;
  AskEverything({.parts = {*opened}}, where);
  const auto again = Part::Open(path, 1);
  const auto merged = MergeParts({*again, *again}, path + ".merged");
  (void)merged.ok();
  (void)ReadThroughPart(*Part::Open(path, 1), [](uint64_t) { return true; });
  return 0;
}
