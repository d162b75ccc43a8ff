// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/merge.h"

#include <algorithm>
#include <tuple>

#include "columnar/head/hash_index.h"
#include "columnar/part/part_writer.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

constexpr uint32_t kUnmapped = HashIndex::kAbsent;

// A part that is being merged, and what its numbers become.
struct Input {
  PartPtr part;
  const PartColumns* columns = nullptr;
  span::SpanChunk dictionary;  // the dictionary in the form that DictionaryBuilder takes
  std::vector<base::ByteRange> names;
  uint32_t first_block = 0;
  std::vector<uint32_t> scope_ids;
  std::vector<uint32_t> name_ids;
};

// A trace of one input.
struct TraceRun {
  span::TraceId id;
  uint64_t min_start = 0;  // of the whole trace, once known
  uint32_t input = 0;
  uint32_t trace = 0;
};

struct MergedRow {
  PartRow row;
  uint32_t input = 0;
};

Result<Input> OpenInput(const PartPtr& part) {
  const Result<const PartColumns*> columns = part->Columns();
  if (!columns.ok()) return columns.status();
  const Result<std::shared_ptr<const Dictionary>> dictionary = part->LoadDictionary();
  if (!dictionary.ok()) return dictionary.status();
  Input input;
  input.part = part;
  input.columns = *columns;
  input.dictionary.buffer = (*dictionary)->buffer;
  input.dictionary.resources = (*dictionary)->resources;
  input.dictionary.scopes = (*dictionary)->scopes;
  input.names = (*dictionary)->names;
  input.scope_ids.assign(input.dictionary.scopes.size(), kUnmapped);
  input.name_ids.assign(input.names.size(), kUnmapped);
  return input;
}

class Merger {
 public:
  Merger(std::vector<Input> inputs, PartWriter& part) : inputs_(std::move(inputs)), part_(part) {}

  Status Run() {
    SPANDREL_RETURN_IF_ERROR(CopyBlocks());
    const std::vector<TraceRun> runs = RunsInOrder();
    part_.Reserve(RowCount(), runs.size());
    for (size_t first = 0; first < runs.size();) {
      size_t last = first;
      while (last < runs.size() && runs[last].id == runs[first].id) ++last;
      WriteTrace(runs.data() + first, last - first);
      first = last;
    }
    return part_.Finish(SealedThrough(), Replaced());
  }

 private:
  Status CopyBlocks() {
    for (Input& input : inputs_) {
      input.first_block = part_.block_count();
      for (const BlockRecord& block : input.columns->blocks) {
        const Result<std::string_view> stored = input.part->StoredBlock(block);
        if (!stored.ok()) return stored.status();
        SPANDREL_RETURN_IF_ERROR(part_.CopyBlock(*stored, block.raw_size));
      }
    }
    return {};
  }

  // All traces of all inputs: those of one trace together, traces by their earliest start.
  std::vector<TraceRun> RunsInOrder() const {
    std::vector<TraceRun> runs;
    for (uint32_t i = 0; i < inputs_.size(); ++i) {
      const auto& traces = inputs_[i].columns->traces;
      for (uint32_t t = 0; t < traces.size(); ++t) {
        runs.push_back({traces[t].id, traces[t].min_start, i, t});
      }
    }
    std::sort(runs.begin(), runs.end(), [](const TraceRun& a, const TraceRun& b) {
      return std::tie(a.id, a.min_start, a.input) < std::tie(b.id, b.min_start, b.input);
    });
    for (size_t i = 1; i < runs.size(); ++i) {
      if (runs[i].id == runs[i - 1].id) runs[i].min_start = runs[i - 1].min_start;
    }
    std::sort(runs.begin(), runs.end(), [](const TraceRun& a, const TraceRun& b) {
      return std::tie(a.min_start, a.id, a.input) < std::tie(b.min_start, b.id, b.input);
    });
    return runs;
  }

  void WriteTrace(const TraceRun* runs, size_t count) {
    rows_.clear();
    for (size_t i = 0; i < count; ++i) {
      const PartColumns& columns = *inputs_[runs[i].input].columns;
      const TraceRecord& trace = columns.traces[runs[i].trace];
      for (uint32_t r = 0; r < trace.row_count; ++r) {
        rows_.push_back({Part::RowAt(columns, trace.first_row + r), runs[i].input});
      }
    }
    if (count > 1) {
      std::stable_sort(rows_.begin(), rows_.end(), [](const MergedRow& a, const MergedRow& b) {
        return std::tie(a.row.start, a.row.span_id) < std::tie(b.row.start, b.row.span_id);
      });
    }
    part_.BeginTrace(runs[0].id);
    for (MergedRow& merged : rows_) {
      Translate(inputs_[merged.input], &merged.row);
      part_.AddRow(merged.row);
    }
  }

  void Translate(Input& input, PartRow* row) {
    uint32_t& scope = input.scope_ids[row->scope];
    if (scope == kUnmapped) scope = part_.dictionary().AddScope(input.dictionary, row->scope);
    uint32_t& name = input.name_ids[row->name];
    if (name == kUnmapped) {
      name = part_.dictionary().AddName(input.names[row->name].In(input.dictionary.bytes()));
    }
    row->scope = scope;
    row->name = name;
    row->block += input.first_block;
  }

  size_t RowCount() const {
    size_t rows = 0;
    for (const Input& input : inputs_) rows += input.columns->start.size();
    return rows;
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

  std::vector<Input> inputs_;
  PartWriter& part_;
  std::vector<MergedRow> rows_;
};

}  // namespace

Status MergeParts(const std::vector<PartPtr>& inputs, const std::string& path) {
  std::vector<Input> opened;
  for (const PartPtr& part : inputs) {
    Result<Input> input = OpenInput(part);
    if (!input.ok()) return input.status();
    opened.push_back(std::move(*input));
  }
  Result<std::unique_ptr<PartWriter>> part = PartWriter::Create(path);
  if (!part.ok()) return part.status();
  return Merger(std::move(opened), **part).Run();
}

}  // namespace spandrel::columnar
