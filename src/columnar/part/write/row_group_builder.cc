// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/write/row_group_builder.h"

// Inlined: the texts that are hashed are short.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/prefetch.h"

namespace spandrel::columnar {
namespace {

// More templates than this: the rest of the group's spans of new kinds are kept as whole messages.
constexpr size_t kMaxTemplates = 32 * 1024;

// Samples are for what comes often.
constexpr size_t kMaxSamples = 4096;
constexpr unsigned kHintBits = 14;
constexpr uint64_t kHashFactor = 0x9e3779b97f4a7c15;
constexpr uint32_t kAnyScope = UINT32_MAX;

// A wrong hint costs time only, so hashes of hints need not be keyed.
size_t HintOf(uint64_t a, uint64_t b) {
  const uint64_t mixed = (a ^ b << 32) * kHashFactor;
  return ((mixed ^ mixed >> 32) ^ b) * kHashFactor >> (64 - kHintBits);
}

// The last bytes of a text, at most eight.
uint64_t LastBytes(std::string_view text) {
  uint64_t word = 0;
  const size_t size = std::min(text.size(), sizeof(word));
  std::memcpy(&word, text.data() + text.size() - size, size);
  return word;
}

// Spans of one sample mostly have one hint.
size_t HintOf(const span::SpanEntry& entry, std::string_view name) {
  const uint64_t is_root = entry.parent_span_id.IsZero() ? 1 : 0;
  const uint64_t traits = name.size() << 24 | static_cast<uint64_t>(entry.kind) << 16 |
                          static_cast<uint64_t>(entry.status) << 8 | is_root;
  const uint64_t middle = LastBytes(name.substr(0, name.size() / 2));
  return HintOf(middle ^ traits << 32, LastBytes(name) * kHashFactor);
}

uint64_t HashOf(const OpenTemplate& made) {
  const uint32_t words[] = {
      made.layout, made.scope, made.name,
      static_cast<uint32_t>(made.kind) << 8 | static_cast<uint32_t>(made.status)};
  return XXH3_64bits(words, sizeof(words));
}

}  // namespace

RowGroupBuilder::RowGroupBuilder(DictionaryBuilder& dictionary) : dictionary_(dictionary) {}

void RowGroupBuilder::BeginTrace(const span::TraceId& id, uint16_t weight) {
  traces_.push_back({id, row_count(), 0, weight});
}

void RowGroupBuilder::BeginTraces(std::vector<TraceRows> traces) {
  traces_ = std::move(traces);
  rows_.resize(traces_.empty() ? 0 : traces_.back().first_row + traces_.back().row_count);
}

void RowGroupBuilder::SortTraces() {
  const auto comes_before = [](const RowRecord& a, const RowRecord& b) {
    return a.start != b.start ? a.start < b.start : a.span_id < b.span_id;
  };
  for (const TraceRows& trace : traces_) {
    const auto first = rows_.begin() + trace.first_row;
    const auto last = first + trace.row_count;
    if (!std::is_sorted(first, last, comes_before)) std::stable_sort(first, last, comes_before);
  }
}

RowGroupBuilder::Expectation RowGroupBuilder::Expect(const span::SpanEntry& entry,
                                                     std::string_view name, uint32_t scope) const {
  if (sample_hints_.empty()) return {};
  const uint32_t sample = sample_hints_[HintOf(entry, name)];
  if (sample >= samples_.size()) return {};
  base::Prefetch(&samples_[sample], sizeof(Sample));
  if (!template_hints_.empty()) base::Prefetch(&template_hints_[HintOf(sample, scope)]);
  return {sample, scope};
}

void RowGroupBuilder::Prefetch(const Expectation& expected, uint32_t place) const {
  if (place < rows_.size()) base::Prefetch(&rows_[place], sizeof(RowRecord));
  if (expected.sample >= samples_.size()) return;
  const Sample& sample = samples_[expected.sample];
  sample.message.Prefetch();
  base::Prefetch(sample.cells.data(), sample.cells.size() * sizeof(SampleCell));
  if (template_hints_.empty()) return;
  const TemplateHint& hint = template_hints_[HintOf(expected.sample, expected.scope)];
  if (hint.sample == expected.sample) base::Prefetch(&templates_[hint.made_from]);
}

void RowGroupBuilder::AddSpan(const span::SpanEntry& entry, std::string_view message,
                              std::string_view name, uint32_t scope) {
  RowRecord row;
  TakeSpan(entry, message, name, scope, &row);
  Append(row);
}

void RowGroupBuilder::AddSpanAt(uint32_t place, const span::SpanEntry& entry,
                                std::string_view message, std::string_view name, uint32_t scope) {
  TakeSpan(entry, message, name, scope, &rows_[place]);
}

void RowGroupBuilder::TakeSpan(const span::SpanEntry& entry, std::string_view message,
                               std::string_view name, uint32_t scope, RowRecord* row) {
  message_bytes_ += message.size();
  if (sample_hints_.empty()) sample_hints_.resize(size_t{1} << kHintBits, LayoutTrie::kNone);
  uint32_t& sample = sample_hints_[HintOf(entry, name)];
  uint32_t made_from = TakeLikeSample(sample, entry, message, scope);
  if (made_from == LayoutTrie::kNone) {
    made_from = TakeNewSpan(entry, message, name, scope, &sample);
  }
  row->span_id = entry.span_id;
  row->parent_id = entry.parent_span_id;
  row->start = entry.start_time_unix_nano;
  row->end = entry.end_time_unix_nano;
  row->made_from = made_from;
  row->first_cell = AddCells(made_from, row_cells_.data(), row_like_sample_);
}

uint32_t RowGroupBuilder::TakeLikeSample(uint32_t sample, const span::SpanEntry& entry,
                                         std::string_view message, uint32_t scope) {
  if (sample >= samples_.size()) return LayoutTrie::kNone;
  Sample& like = samples_[sample];
  if (like.traits.status != entry.status || !like.message.Match(message, &matched_)) {
    return LayoutTrie::kNone;
  }
  row_cells_.resize(matched_.size());
  row_like_sample_ = 0;
  for (size_t i = 0; i < matched_.size(); ++i) {
    const MatchedCell& cell = matched_[i];
    const SampleCell& sampled = like.cells[i];
    if (cell.is_same) {
      row_cells_[i] = sampled.value;
      if (i < kLastCellBit) row_like_sample_ |= CellBits{1} << i;
    } else {
      row_cells_[i] = IsText(sampled.type) ? texts_[sampled.column].Add(cell.text) : cell.scalar;
    }
  }
  return TemplateOf(sample, scope);
}

uint32_t RowGroupBuilder::TemplateOf(uint32_t sample, uint32_t scope) {
  if (template_hints_.empty()) template_hints_.resize(size_t{1} << kHintBits);
  TemplateHint& hint = template_hints_[HintOf(sample, scope)];
  if (hint.sample != sample || hint.scope != scope) {
    OpenTemplate wanted = samples_[sample].traits;
    wanted.scope = scope;
    hint = {sample, scope, AddTemplate(wanted)};
  }
  return hint.made_from;
}

uint32_t RowGroupBuilder::TakeNewSpan(const span::SpanEntry& entry, std::string_view message,
                                      std::string_view name, uint32_t scope, uint32_t* sample) {
  OpenTemplate wanted;
  wanted.scope = scope;
  wanted.name = dictionary_.AddName(name);
  wanted.kind = entry.kind;
  wanted.status = entry.status;
  wanted.layout = LayoutTrie::kNone;
  if (TakeApart(message, entry, &fields_)) wanted.layout = LayoutOf(fields_);
  const bool is_whole = wanted.layout == LayoutTrie::kNone || templates_.size() >= kMaxTemplates;
  if (is_whole) {
    fields_.assign(1, MessageField{.type = CellType::kText, .text = message});
    wanted.layout = LayoutOf(fields_);
  }
  const uint32_t made_from = AddTemplate(wanted);
  FillCells(templates_[made_from]);
  row_like_sample_ = 0;
  if (is_whole) return made_from;
  *sample = AddSample(wanted, message);
  if (*sample != LayoutTrie::kNone) row_like_sample_ = CellsLikeSample(*sample);
  return made_from;
}

CellBits RowGroupBuilder::CellsLikeSample(uint32_t sample) const {
  const std::vector<SampleCell>& cells = samples_[sample].cells;
  CellBits same = 0;
  for (size_t i = 0; i < std::min(cells.size(), kLastCellBit); ++i) {
    if (cells[i].value == row_cells_[i]) same |= CellBits{1} << i;
  }
  return same;
}

uint32_t RowGroupBuilder::AddSample(const OpenTemplate& traits, std::string_view message) {
  OpenTemplate anywhere = traits;
  anywhere.scope = kAnyScope;
  const uint64_t hash = HashOf(anywhere);
  const uint32_t found =
      sample_index_.Find(hash, [&](uint32_t at) { return IsSame(samples_[at].traits, anywhere); });
  if (found != HashIndex::kAbsent) return found;
  if (samples_.size() >= kMaxSamples || message.size() > MessageSample::kMaxBytes)
    return LayoutTrie::kNone;
  const auto next = static_cast<uint32_t>(samples_.size());
  Sample sample{{message, fields_}, anywhere, {}};
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (columns_[i] == kNoColumn) continue;
    sample.cells.push_back({row_cells_[sample.cells.size()], columns_[i], fields_[i].type});
  }
  samples_.push_back(std::move(sample));
  sample_index_.Insert(hash, [this](uint32_t at) { return HashOf(samples_[at].traits); });
  return next;
}

// A text is compared with that of the template's first row before it is looked up: most are the
// same in all rows of a template.
void RowGroupBuilder::FillCells(const OpenTemplate& made) {
  row_cells_.clear();
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (columns_[i] == kNoColumn) continue;
    const MessageField& field = fields_[i];
    if (!IsText(field.type)) {
      row_cells_.push_back(field.scalar);
      continue;
    }
    TextInterner& texts = texts_[columns_[i]];
    if (made.row_count > 0) {
      const uint64_t first = cells_[made.first_cells + row_cells_.size()];
      if (texts.texts()[first] == field.text) {
        row_cells_.push_back(first);
        continue;
      }
    }
    row_cells_.push_back(texts.Add(field.text));
  }
}

uint32_t RowGroupBuilder::LayoutOf(const std::vector<MessageField>& fields) {
  uint32_t node = LayoutTrie::kRoot;
  columns_.clear();
  for (const MessageField& field : fields) {
    node = layouts_.Step(node, field);
    if (node == LayoutTrie::kNone) return node;
    columns_.push_back(layouts_.ColumnOf(node));
  }
  texts_.resize(layouts_.columns().size());
  return node;
}

uint32_t RowGroupBuilder::AddTemplate(const OpenTemplate& wanted) {
  const uint64_t hash = HashOf(wanted);
  const uint32_t found =
      template_index_.Find(hash, [&](uint32_t at) { return IsSame(templates_[at], wanted); });
  if (found != HashIndex::kAbsent) return found;
  const auto next = static_cast<uint32_t>(templates_.size());
  templates_.push_back(wanted);
  const Layout layout = layouts_.LayoutAt(wanted.layout);
  templates_.back().cell_count = static_cast<uint32_t>(std::count_if(
      layout.begin(), layout.end(), [](const auto& s) { return s.column != kNoColumn; }));
  template_index_.Insert(hash, [this](uint32_t at) { return HashOf(templates_[at]); });
  dictionary_.AddOperation(wanted.scope, wanted.name, wanted.kind);
  return next;
}

bool RowGroupBuilder::IsSame(const OpenTemplate& a, const OpenTemplate& b) const {
  return a.layout == b.layout && a.scope == b.scope && a.name == b.name && a.kind == b.kind &&
         a.status == b.status;
}

void RowGroupBuilder::AddRow(RowRecord row, const uint64_t* cells) {
  row.first_cell = AddCells(row.made_from, cells, 0);
  Append(row);
}

void RowGroupBuilder::Append(const RowRecord& row) {
  rows_.push_back(row);
  if (!traces_.empty()) ++traces_.back().row_count;
}

size_t RowGroupBuilder::AddCells(uint32_t made_from, const uint64_t* cells, CellBits like_sample) {
  OpenTemplate& made = templates_[made_from];
  const size_t first = cells_.size();
  cells_.insert(cells_.end(), cells, cells + made.cell_count);
  if (made.row_count++ == 0) {
    made.first_cells = first;
    made.like_sample = like_sample;
  } else {
    NoteDifferences(cells, like_sample, &made);
  }
  return first;
}

// Cells that vary already, or are known to be the first row's, are not looked at.
void RowGroupBuilder::NoteDifferences(const uint64_t* cells, CellBits like_sample,
                                      OpenTemplate* made) const {
  const CellBits all =
      made->cell_count > kLastCellBit ? ~CellBits{0} : (CellBits{1} << made->cell_count) - 1;
  const uint64_t* const first = cells_.data() + made->first_cells;
  for (CellBits left = all & ~made->varies & ~(made->like_sample & like_sample); left != 0;
       left &= left - 1) {
    const auto bit = static_cast<size_t>(std::countr_zero(left));
    const size_t end = bit == kLastCellBit ? made->cell_count : bit + 1;
    const bool is_same = std::equal(cells + bit, cells + end, first + bit);
    if (!is_same) made->varies |= CellBits{1} << bit;
  }
}

void RowGroupBuilder::Clear() {
  layouts_ = LayoutTrie();
  texts_.clear();
  templates_.clear();
  template_index_ = HashIndex();
  samples_.clear();
  sample_index_ = HashIndex();
  sample_hints_.clear();
  template_hints_.clear();
  traces_.clear();
  rows_.clear();
  cells_.clear();
  message_bytes_ = 0;
}

}  // namespace spandrel::columnar
