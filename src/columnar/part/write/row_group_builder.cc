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

// Examples are for what comes often.
constexpr size_t kMaxExamples = 4096;
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

// Spans of one example mostly have one hint.
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
  if (example_hints_.empty()) return {};
  const uint32_t example = example_hints_[HintOf(entry, name)];
  if (example >= examples_.size()) return {};
  base::Prefetch(&examples_[example], sizeof(Example));
  if (!template_hints_.empty()) base::Prefetch(&template_hints_[HintOf(example, scope)]);
  return {example, scope};
}

void RowGroupBuilder::Prefetch(const Expectation& expected, uint32_t place) const {
  if (place < rows_.size()) base::Prefetch(&rows_[place], sizeof(RowRecord));
  if (expected.example >= examples_.size()) return;
  const Example& example = examples_[expected.example];
  example.message.Prefetch();
  base::Prefetch(example.cells.data(), example.cells.size() * sizeof(ExampleCell));
  if (template_hints_.empty()) return;
  const TemplateHint& hint = template_hints_[HintOf(expected.example, expected.scope)];
  if (hint.example == expected.example) base::Prefetch(&templates_[hint.template_id]);
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
  if (example_hints_.empty()) example_hints_.resize(size_t{1} << kHintBits, LayoutTrie::kNone);
  uint32_t& example = example_hints_[HintOf(entry, name)];
  uint32_t template_id = TakeLikeExample(example, entry, message, scope);
  if (template_id == LayoutTrie::kNone) {
    template_id = TakeNewSpan(entry, message, name, scope, &example);
  }
  row->span_id = entry.span_id;
  row->parent_id = entry.parent_span_id;
  row->start = entry.start_time_unix_nano;
  row->end = entry.end_time_unix_nano;
  row->template_id = template_id;
  row->first_cell = AddCells(template_id, row_cells_.data(), row_like_example_);
}

uint32_t RowGroupBuilder::TakeLikeExample(uint32_t example, const span::SpanEntry& entry,
                                          std::string_view message, uint32_t scope) {
  if (example >= examples_.size()) return LayoutTrie::kNone;
  Example& like = examples_[example];
  if (like.traits.status != entry.status || !like.message.Match(message, &matched_)) {
    return LayoutTrie::kNone;
  }
  row_cells_.resize(matched_.size());
  row_like_example_ = 0;
  for (size_t i = 0; i < matched_.size(); ++i) {
    const MatchedCell& cell = matched_[i];
    const ExampleCell& exampled = like.cells[i];
    if (cell.is_same) {
      row_cells_[i] = exampled.value;
      if (i < kLastCellBit) row_like_example_ |= CellBits{1} << i;
    } else {
      row_cells_[i] = IsText(exampled.type) ? texts_[exampled.column].Add(cell.text) : cell.scalar;
    }
  }
  return TemplateOf(example, scope);
}

uint32_t RowGroupBuilder::TemplateOf(uint32_t example, uint32_t scope) {
  if (template_hints_.empty()) template_hints_.resize(size_t{1} << kHintBits);
  TemplateHint& hint = template_hints_[HintOf(example, scope)];
  if (hint.example != example || hint.scope != scope) {
    OpenTemplate wanted = examples_[example].traits;
    wanted.scope = scope;
    hint = {example, scope, AddTemplate(wanted)};
  }
  return hint.template_id;
}

uint32_t RowGroupBuilder::TakeNewSpan(const span::SpanEntry& entry, std::string_view message,
                                      std::string_view name, uint32_t scope, uint32_t* example) {
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
  const uint32_t template_id = AddTemplate(wanted);
  FillCells(templates_[template_id]);
  row_like_example_ = 0;
  if (is_whole) return template_id;
  *example = AddExample(wanted, message);
  if (*example != LayoutTrie::kNone) row_like_example_ = CellsLikeExample(*example);
  return template_id;
}

CellBits RowGroupBuilder::CellsLikeExample(uint32_t example) const {
  const std::vector<ExampleCell>& cells = examples_[example].cells;
  CellBits same = 0;
  for (size_t i = 0; i < std::min(cells.size(), kLastCellBit); ++i) {
    if (cells[i].value == row_cells_[i]) same |= CellBits{1} << i;
  }
  return same;
}

uint32_t RowGroupBuilder::AddExample(const OpenTemplate& traits, std::string_view message) {
  OpenTemplate anywhere = traits;
  anywhere.scope = kAnyScope;
  const uint64_t hash = HashOf(anywhere);
  const uint32_t found = example_index_.Find(
      hash, [&](uint32_t at) { return IsSame(examples_[at].traits, anywhere); });
  if (found != HashIndex::kAbsent) return found;
  if (examples_.size() >= kMaxExamples || message.size() > MessageExample::kMaxBytes)
    return LayoutTrie::kNone;
  const auto next = static_cast<uint32_t>(examples_.size());
  Example example{{message, fields_}, anywhere, {}};
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (columns_[i] == kNoColumn) continue;
    example.cells.push_back({row_cells_[example.cells.size()], columns_[i], fields_[i].type});
  }
  examples_.push_back(std::move(example));
  example_index_.Insert(hash, [this](uint32_t at) { return HashOf(examples_[at].traits); });
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
  row.first_cell = AddCells(row.template_id, cells, 0);
  Append(row);
}

void RowGroupBuilder::Append(const RowRecord& row) {
  rows_.push_back(row);
  if (!traces_.empty()) ++traces_.back().row_count;
}

size_t RowGroupBuilder::AddCells(uint32_t template_id, const uint64_t* cells,
                                 CellBits like_example) {
  OpenTemplate& made = templates_[template_id];
  const size_t first = cells_.size();
  cells_.insert(cells_.end(), cells, cells + made.cell_count);
  if (made.row_count++ == 0) {
    made.first_cells = first;
    made.like_example = like_example;
  } else {
    NoteDifferences(cells, like_example, &made);
  }
  return first;
}

// Cells that vary already, or are known to be the first row's, are not looked at.
void RowGroupBuilder::NoteDifferences(const uint64_t* cells, CellBits like_example,
                                      OpenTemplate* made) const {
  const CellBits all =
      made->cell_count > kLastCellBit ? ~CellBits{0} : (CellBits{1} << made->cell_count) - 1;
  const uint64_t* const first = cells_.data() + made->first_cells;
  for (CellBits left = all & ~made->varies & ~(made->like_example & like_example); left != 0;
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
  examples_.clear();
  example_index_ = HashIndex();
  example_hints_.clear();
  template_hints_.clear();
  traces_.clear();
  rows_.clear();
  cells_.clear();
  message_bytes_ = 0;
}

}  // namespace spandrel::columnar
