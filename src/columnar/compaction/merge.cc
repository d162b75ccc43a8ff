// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/merge.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>

#include "columnar/compaction/copy_group.h"
#include "columnar/compaction/join_groups.h"
#include "columnar/part/write/part_writer.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

// Row groups of at least this many rows gain little by becoming larger.
constexpr uint32_t kLargeGroupRows = kGroupRows / 8 * 3;
constexpr uint64_t kLargeGroupBytes = uint64_t{24} << 20;
// What is joined at a time is in memory at a time.
constexpr size_t kMaxJoined = 64;

// A part that is being merged.
struct Input {
  PartPtr part;
  std::shared_ptr<const Dictionary> dictionary;
  std::unique_ptr<DictionaryMapping> mapping;
};

// A row group of one input.
struct GroupRef {
  uint32_t input = 0;
  uint32_t index = 0;
  uint64_t min_start = 0;
  uint32_t rows = 0;
  uint64_t bytes = 0;
};

class Merger {
 public:
  // `kept` says what stays of the row groups of the only input; nullptr when everything does.
  Merger(PartWriter& part, const std::vector<KeptTraces>* kept, uint64_t max_joined_bytes)
      : part_(part), kept_(kept), max_joined_bytes_(max_joined_bytes) {}

  // Leaves out what is known to be damaged.
  void SkipDamaged() { skips_damaged_ = true; }

  Status Open(const std::vector<PartPtr>& parts) {
    for (const PartPtr& part : parts) {
      Result<std::shared_ptr<const Dictionary>> dictionary = part->LoadDictionary();
      if (!dictionary.ok()) return dictionary.status();
      auto mapping = std::make_unique<DictionaryMapping>(**dictionary, part_.dictionary());
      inputs_.push_back({part, std::move(*dictionary), std::move(mapping)});
    }
    return {};
  }

  Status Run() {
    for (const GroupRef& group : GroupsByStart()) {
      const bool is_large = group.rows >= kLargeGroupRows || group.bytes >= kLargeGroupBytes;
      if (kept_ == nullptr && is_large) {
        SPANDREL_RETURN_IF_ERROR(Copy(group));
        continue;
      }
      if (joined_rows_ + group.rows > kGroupRows || joined_.size() == kMaxJoined ||
          joined_bytes_ + group.bytes > max_joined_bytes_) {
        SPANDREL_RETURN_IF_ERROR(Join());
      }
      joined_.push_back(group);
      joined_rows_ += group.rows;
      joined_bytes_ += group.bytes;
    }
    SPANDREL_RETURN_IF_ERROR(Join());
    return part_.Finish(SealedThrough(), Replaced());
  }

 private:
  std::vector<GroupRef> GroupsByStart() const {
    std::vector<GroupRef> groups;
    for (uint32_t i = 0; i < inputs_.size(); ++i) {
      const auto& records = inputs_[i].part->footer().groups;
      for (uint32_t g = 0; g < records.size(); ++g) {
        if (skips_damaged_ && inputs_[i].part->IsGroupDamaged(g)) continue;
        const uint32_t rows = kept_ == nullptr ? records[g].row_count : (*kept_)[g].rows;
        // Of what stays, in proportion.
        const uint64_t bytes = records[g].message_bytes * rows / records[g].row_count;
        if (rows > 0) groups.push_back({i, g, records[g].min_start, rows, bytes});
      }
    }
    std::stable_sort(groups.begin(), groups.end(), [](const GroupRef& a, const GroupRef& b) {
      return a.min_start < b.min_start;
    });
    return groups;
  }

  Status Copy(const GroupRef& ref) {
    const Input& input = inputs_[ref.input];
    const auto copy = CopyGroup(*input.part, ref.index, *input.mapping, part_.dictionary());
    return copy.ok() ? part_.AddGroup(*copy) : NoteDamage(ref, copy.status());
  }

  Status Join() {
    const std::vector<GroupRef> refs = std::exchange(joined_, {});
    joined_rows_ = 0;
    joined_bytes_ = 0;
    if (refs.empty()) return {};
    if (refs.size() == 1) return Alone(refs[0]);
    Status joined = JoinThese(refs);
    if (joined.code() != base::StatusCode::kResourceExhausted) return joined;
    part_.rows().Clear();
    for (const GroupRef& ref : refs) SPANDREL_RETURN_IF_ERROR(Alone(ref));
    return {};
  }

  Status Alone(const GroupRef& ref) { return kept_ == nullptr ? Copy(ref) : JoinThese({ref}); }

  Status JoinThese(const std::vector<GroupRef>& refs) {
    std::vector<JoinInput> groups;
    for (const GroupRef& ref : refs) {
      const Input& input = inputs_[ref.input];
      groups.push_back({input.part, ref.index, input.mapping.get(),
                        kept_ == nullptr ? nullptr : &(*kept_)[ref.index].weights});
    }
    SPANDREL_RETURN_IF_ERROR(JoinGroups(groups, part_.rows()));
    return part_.EndGroup();
  }

  Status NoteDamage(const GroupRef& ref, const Status& why) {
    if (why.code() == base::StatusCode::kDataLoss) {
      inputs_[ref.input].part->NoteDamagedGroup(ref.index, why);
    }
    return why;
  }

  uint64_t SealedThrough() const {
    uint64_t sealed_through = 0;
    for (const Input& input : inputs_) {
      sealed_through = std::max(sealed_through, input.part->footer().sealed_through);
    }
    return sealed_through;
  }

  // The inputs, and what those replaced: after a lost manifest an old file may still be there.
  std::vector<uint64_t> Replaced() const {
    std::vector<uint64_t> numbers;
    for (const Input& input : inputs_) {
      const auto& older = input.part->footer().replaces;
      numbers.push_back(input.part->number());
      numbers.insert(numbers.end(), older.begin(), older.end());
    }
    std::sort(numbers.begin(), numbers.end());
    constexpr size_t kKept = 1024;
    if (numbers.size() > kKept) numbers.erase(numbers.begin(), numbers.end() - kKept);
    return numbers;
  }

  PartWriter& part_;
  const std::vector<KeptTraces>* const kept_;
  const uint64_t max_joined_bytes_;
  bool skips_damaged_ = false;
  std::vector<Input> inputs_;
  std::vector<GroupRef> joined_;  // small row groups that wait to be joined
  uint64_t joined_rows_ = 0;
  uint64_t joined_bytes_ = 0;
};

// Of parts that are all judged; nothing when one is not.
std::optional<PolicyRecord> RecordOf(const std::vector<PartPtr>& parts) {
  PolicyRecord all;
  for (const PartPtr& part : parts) {
    const auto& record = part->footer().policy;
    if (!record) return std::nullopt;
    all.dropped_spans += record->dropped_spans;
    all.dropped_traces += record->dropped_traces;
    all.left_elsewhere.insert(all.left_elsewhere.end(), record->left_elsewhere.begin(),
                              record->left_elsewhere.end());
  }
  return all;
}

Status Merge(const std::vector<PartPtr>& inputs, const std::string& path, uint64_t max_joined_bytes,
             bool skip_damaged) {
  Result<std::unique_ptr<PartWriter>> part = PartWriter::Create(path, Effort::kSmall);
  if (!part.ok()) return part.status();
  if (auto record = RecordOf(inputs)) (*part)->MarkPolicyApplied(*std::move(record));
  Merger merger(**part, nullptr, max_joined_bytes);
  if (skip_damaged) merger.SkipDamaged();
  SPANDREL_RETURN_IF_ERROR(merger.Open(inputs));
  return merger.Run();
}

}  // namespace

Status MergeParts(const std::vector<PartPtr>& inputs, const std::string& path,
                  uint64_t max_joined_bytes) {
  return Merge(inputs, path, max_joined_bytes, false);
}

// Each time that fails, another row group is known to be damaged.
Status RewriteReadable(const PartPtr& part, const std::string& path) {
  Status written(base::StatusCode::kDataLoss, part->path() + ": nothing of it can be read");
  for (size_t tries = 0; tries <= part->footer().groups.size() && !part->damaged(); ++tries) {
    written = Merge({part}, path, kMaxJoinedBytes, true);
    if (written.code() != base::StatusCode::kDataLoss) return written;
  }
  return written;
}

Status RewritePart(const PartPtr& part, const std::vector<KeptTraces>& kept, PolicyRecord record,
                   const std::string& path) {
  Result<std::unique_ptr<PartWriter>> rewritten = PartWriter::Create(path, Effort::kSmall);
  if (!rewritten.ok()) return rewritten.status();
  (*rewritten)->MarkPolicyApplied(std::move(record));
  Merger merger(**rewritten, &kept, kMaxJoinedBytes);
  SPANDREL_RETURN_IF_ERROR(merger.Open({part}));
  return merger.Run();
}

}  // namespace spandrel::columnar
