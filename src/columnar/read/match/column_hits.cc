// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/match/column_hits.h"

#include <algorithm>

#include "columnar/part/format/message_fields.h"
#include "columnar/part/read/cell_reader.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using span::ValueView;

// Verdicts of whole columns are asked in one go, so a column is read this many cells at a time.
constexpr uint32_t kBatch = 4096;
constexpr uint64_t kMaxAskedOnce = 65536;
constexpr uint8_t kUnknown = 2;
constexpr size_t kMaxKnownTexts = 4096;
constexpr size_t kMaxKnownBytes = 256;  // of one text

// The number of the text field that a leaf asks for.
uint32_t NumberOf(const Leaf& leaf) {
  const auto field = std::get<storage::Intrinsic>(leaf.predicate.field);
  return field == storage::Intrinsic::kTraceState ? span::otlp::kSpanTraceState
                                                  : span::otlp::kSpanStatus;
}

// The text that a column must hold for a leaf to hold there, when it is that simple.
const std::string* WantedText(const Leaf& leaf, const ColumnKey& column) {
  const bool is_equality = leaf.predicate.kind == storage::Predicate::Kind::kCompare &&
                           (leaf.predicate.op == storage::CompareOp::kEqual ||
                            leaf.predicate.op == storage::CompareOp::kTextEqual);
  if (!is_equality || column.kind != FieldKind::kAttribute || column.type != CellType::kText) {
    return nullptr;
  }
  return std::get_if<std::string>(&leaf.predicate.value);
}

// Whether a leaf holds wherever a column has a cell that decides.
bool HoldsOfAll(const Leaf& leaf, const ColumnKey& column) {
  return leaf.predicate.kind == storage::Predicate::Kind::kExists &&
         column.kind == FieldKind::kAttribute;
}

}  // namespace

TextVerdicts::TextVerdicts(const Leaf& leaf)
    : evaluator_(*leaf.evaluator),
      is_dear_(leaf.predicate.kind == storage::Predicate::Kind::kCompare &&
               (leaf.predicate.op == storage::CompareOp::kMatches ||
                leaf.predicate.op == storage::CompareOp::kDoesNotMatch)) {}

bool TextVerdicts::Holds(std::string_view text) {
  const ValueView value = ValueView::OfString(text);
  if (!is_dear_ || text.size() > kMaxKnownBytes) return evaluator_.MatchesValue(value);
  if (const auto found = known_.find(text); found != known_.end()) return found->second;
  if (known_.size() >= kMaxKnownTexts) known_.clear();
  return known_.emplace(text, evaluator_.MatchesValue(value)).first->second;
}

LeafDeciders::LeafDeciders(const RowGroup& group, const Leaf& leaf, TextVerdicts& known)
    : group_(group), leaf_(leaf), known_(known) {
  const TemplateTable& table = group.table();
  FindCells();
  absent_ = HoldsForMessage({}) ? 1 : 0;
  fixed_.resize(table.templates.size());
  if (DecideByOneColumn()) return;
  std::vector<uint8_t> decides(table.columns.size());
  for (uint32_t i = 0; i < fixed_.size(); ++i) DecideTemplate(i, &decides);
  for (uint32_t i = 0; i < decides.size(); ++i) {
    if (decides[i] != 0) columns_.push_back(i);
  }
}

// True when one column of texts decides for all rows, so that no template need be looked at: each
// layout has only that column, and it has a cell for each row.
bool LeafDeciders::DecideByOneColumn() {
  if (cells_.empty() || cells_[0].size() != 1) return false;
  const uint32_t column = cells_[0][0].column;
  const bool is_only = std::all_of(cells_.begin(), cells_.end(), [&](const auto& cells) {
    return cells.size() == 1 && cells[0].column == column;
  });
  if (!is_only || !IsText(group_.table().columns[column].type)) return false;
  Result<columns::TextColumn> texts = group_.Texts(column);
  if (!texts.ok() || texts->size() != group_.row_count()) return false;
  one_column_ = std::move(*texts);
  columns_.push_back(column);
  return true;
}

std::vector<uint8_t> LeafDeciders::RolesOf(uint32_t column) const {
  const TemplateTable& table = group_.table();
  if (one_column_) return std::vector<uint8_t>(table.templates.size(), kDecides);
  std::vector<uint32_t> place;  // of the column's cell in each layout
  std::vector<uint8_t> role;    // of that cell, unless it is a constant
  for (size_t i = 0; i < table.layouts.size(); ++i) {
    place.push_back(kNoColumn);
    role.push_back(kOther);
    size_t cell = 0;
    for (const LayoutStep& step : table.layouts[i]) {
      if (step.column == kNoColumn) continue;
      if (step.column == column) place.back() = static_cast<uint32_t>(cell);
      ++cell;
    }
    for (const LayoutCell& deciding : cells_[i]) {
      if (deciding.column == column) role.back() = kDecides;
    }
  }
  std::vector<uint8_t> roles;
  roles.reserve(table.templates.size());
  for (const Template& made : table.templates) {
    const uint32_t cell = place[made.layout];
    const bool is_stored = cell != kNoColumn && !made.cells[cell].is_constant;
    roles.push_back(is_stored ? role[made.layout] : uint8_t{kNoCell});
  }
  return roles;
}

bool LeafDeciders::Matters(const ColumnKey& column) const {
  if (column.kind == FieldKind::kMessage) return true;
  switch (leaf_.source) {
    case LeafSource::kEvents:
      return column.kind == FieldKind::kRun && column.number == span::otlp::kSpanEvents;
    case LeafSource::kLinks:
      return column.kind == FieldKind::kRun && column.number == span::otlp::kSpanLinks;
    default:
      return column.kind == FieldKind::kText && column.number == NumberOf(leaf_);
  }
}

// Of events and links any one is enough. A text field that is not there reads as the empty text.
void LeafDeciders::FindCells() {
  const TemplateTable& table = group_.table();
  cells_.resize(table.layouts.size());
  if (leaf_.source == LeafSource::kAttribute) {
    const AttributeCells attribute(table, leaf_.attribute());
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (const auto cell = attribute.In(table.layouts[i])) cells_[i].push_back(*cell);
    }
    return;
  }
  std::vector<uint8_t> matters;
  for (const ColumnKey& column : table.columns) matters.push_back(Matters(column));
  for (size_t i = 0; i < cells_.size(); ++i) {
    uint32_t cell = 0;
    for (const LayoutStep& step : table.layouts[i]) {
      if (step.column == kNoColumn) continue;
      if (matters[step.column] != 0) cells_[i].push_back({cell, step.column});
      ++cell;
    }
  }
}

void LeafDeciders::DecideTemplate(uint32_t of_template, std::vector<uint8_t>* decides) {
  const Template& made = group_.table().templates[of_template];
  const std::vector<LayoutCell>& cells = cells_[made.layout];
  uint8_t& fixed = fixed_[of_template];
  if (cells.empty()) fixed = absent_;
  for (const LayoutCell& cell : cells) {
    const ConstantCell& constant = made.cells[cell.cell];
    if (!constant.is_constant) {
      (*decides)[cell.column] = 1;
    } else if (HoldsForConstant(group_.table().columns[cell.column], constant)) {
      fixed = 1;
    }
  }
  any_fixed_ |= fixed != 0;
}

bool LeafDeciders::HoldsForConstant(const ColumnKey& column, const ConstantCell& cell) const {
  return IsText(column.type) ? HoldsForText(column, cell.text)
                             : HoldsForScalar(column, cell.scalar);
}

bool LeafDeciders::HoldsForText(const ColumnKey& column, std::string_view text) const {
  if (column.kind == FieldKind::kAttribute) {
    return column.type == CellType::kText
               ? known_.Holds(text)
               : leaf_.evaluator->MatchesValue(ValueView::FromMessage(text));
  }
  if (column.kind != FieldKind::kText) return HoldsForMessage(text);
  std::string message;
  AppendField({FieldKind::kText, column.number, column.type, {}, text, 0}, {}, &message);
  return HoldsForMessage(message);
}

bool LeafDeciders::HoldsForScalar(const ColumnKey& column, uint64_t scalar) const {
  return leaf_.evaluator->MatchesValue(ViewOfCell(column.type, {}, scalar));
}

// A message that has only the fields that the leaf looks at.
bool LeafDeciders::HoldsForMessage(std::string_view message) const {
  span::SpanChunk probe;
  probe.buffer = base::MakeSharedBytes(std::string(message));
  probe.resources.emplace_back();
  probe.scopes.emplace_back();
  probe.spans.emplace_back();
  probe.spans[0].message = {0, static_cast<uint32_t>(message.size())};
  return leaf_.evaluator->Matches(span::SpanRef(probe, 0));
}

Result<std::vector<uint8_t>> LeafDeciders::Hits(uint32_t column) const {
  return IsText(group_.table().columns[column].type) ? TextHits(column) : NumberHits(column);
}

Result<std::vector<uint8_t>> LeafDeciders::TextHits(uint32_t column) const {
  const Result<columns::TextColumn> texts = one_column_ ? *one_column_ : group_.Texts(column);
  if (!texts.ok()) return texts.status();
  const ColumnKey& key = group_.table().columns[column];
  if (HoldsOfAll(leaf_, key)) return std::vector<uint8_t>(texts->size(), 1);
  if (texts->encoding() == columns::TextEncoding::kDictionary) return CodeHits(*texts, key);
  std::vector<uint8_t> hits;
  if (const std::string* wanted = WantedText(leaf_, key)) {
    for (uint32_t at = 0; at < texts->size(); ++at) {
      const auto found = texts->FindEqual(*wanted, at, texts->size() - at);
      if (!found.ok()) return found.status();
      if (!*found) break;
      at = **found;
      hits.resize(texts->size());
      hits[at] = 1;
    }
    return hits;
  }
  hits.resize(texts->size());
  const Status visited = texts->Visit(0, texts->size(), [&](uint32_t at, std::string_view text) {
    hits[at] = HoldsForText(key, text);
  });
  if (!visited.ok()) return visited;
  return hits;
}

Result<std::vector<uint8_t>> LeafDeciders::CodeHits(const columns::TextColumn& texts,
                                                    const ColumnKey& key) const {
  std::vector<uint8_t> verdicts(texts.dictionary_size());
  for (uint32_t code = 0; code < verdicts.size(); ++code) {
    verdicts[code] = HoldsForText(key, texts.DictionaryAt(code));
  }
  std::vector<uint8_t> hits;
  if (std::find(verdicts.begin(), verdicts.end(), 1) == verdicts.end()) return hits;
  hits.resize(texts.size());
  std::vector<uint32_t> codes(kBatch);
  for (uint32_t first = 0; first < hits.size(); first += kBatch) {
    const auto count = std::min<uint32_t>(kBatch, texts.size() - first);
    texts.codes().Read(first, count, codes.data());
    for (uint32_t i = 0; i < count; ++i) hits[first + i] = verdicts[codes[i]];
  }
  return hits;
}

Result<std::vector<uint8_t>> LeafDeciders::NumberHits(uint32_t column) const {
  const Result<NumberColumn> numbers = group_.Numbers(column);
  if (!numbers.ok()) return numbers.status();
  const ColumnKey& key = group_.table().columns[column];
  if (HoldsOfAll(leaf_, key)) return std::vector<uint8_t>(numbers->size(), 1);
  std::vector<uint8_t> hits(numbers->size());
  // Codes, or numbers that lie close together, are each asked about once.
  const columns::PackedInts& codes = numbers->codes();
  const bool is_narrow = codes.size() > 0 && codes.max() - codes.min() < kMaxAskedOnce;
  std::vector<uint8_t> memo(is_narrow ? codes.max() - codes.min() + 1 : 0, kUnknown);
  const auto holds = [&](uint64_t code) -> uint8_t {
    if (!is_narrow || code < codes.min()) return HoldsForScalar(key, numbers->ValueOf(code));
    uint8_t& known = memo[code - codes.min()];
    if (known == kUnknown) known = HoldsForScalar(key, numbers->ValueOf(code));
    return known;
  };
  std::vector<uint64_t> batch(kBatch);
  for (uint32_t first = 0; first < hits.size(); first += kBatch) {
    const auto count = std::min<uint32_t>(kBatch, numbers->size() - first);
    codes.Read(first, count, batch.data());
    for (uint32_t i = 0; i < count; ++i) hits[first + i] = holds(batch[i]);
  }
  return hits;
}

}  // namespace spandrel::columnar
