// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/write/layout_trie.h"

#include <algorithm>

namespace spandrel::columnar {
namespace {

// A sender that makes up keys fills these; its spans are then kept as whole messages.
constexpr size_t kMaxNodes = 64 * 1024;
constexpr size_t kMaxColumns = 2048;
constexpr uint8_t kMaxOccurrences = 32;

bool IsSame(const ColumnKey& column, const MessageField& field) {
  return column.kind == field.kind && column.number == field.number && column.type == field.type &&
         column.key == field.key;
}

std::string IdOf(const ColumnKey& column) {
  std::string id = {static_cast<char>(column.kind), static_cast<char>(column.number),
                    static_cast<char>(column.type), static_cast<char>(column.occurrence)};
  return id + column.key;
}

}  // namespace

LayoutTrie::LayoutTrie() : nodes_(1) {}

uint32_t LayoutTrie::Step(uint32_t node, const MessageField& field) {
  uint32_t previous = kNone;
  for (uint32_t child = nodes_[node].first_child; child != kNone;
       child = nodes_[child].next_sibling) {
    if (Fits(nodes_[child], field)) {
      if (previous != kNone) {
        nodes_[previous].next_sibling = nodes_[child].next_sibling;
        nodes_[child].next_sibling = nodes_[node].first_child;
        nodes_[node].first_child = child;
      }
      return child;
    }
    previous = child;
  }
  return AddChild(node, field);
}

uint32_t LayoutTrie::WholeMessage() {
  MessageField whole;
  whole.kind = FieldKind::kMessage;
  whole.type = CellType::kText;
  return Step(kRoot, whole);
}

Layout LayoutTrie::LayoutAt(uint32_t node) const {
  Layout layout;
  for (; node != kRoot; node = nodes_[node].parent) layout.push_back(nodes_[node].step);
  std::reverse(layout.begin(), layout.end());
  return layout;
}

bool LayoutTrie::Fits(const Node& node, const MessageField& field) {
  return node.step.kind == field.kind && node.type == field.type && node.number == field.number &&
         node.key == field.key;
}

uint32_t LayoutTrie::AddChild(uint32_t node, const MessageField& field) {
  const bool is_whole = field.kind == FieldKind::kMessage;
  if (nodes_.size() >= kMaxNodes && !is_whole) return kNone;
  Node child;
  child.parent = node;
  child.step.kind = field.kind;
  child.number = field.number;
  child.type = field.type;
  if (field.type != CellType::kNone) {
    child.step.column = AddColumn(node, field);
    if (child.step.column == kNoColumn) return kNone;
    if (!field.key.empty()) child.key = key_texts_.emplace_back(field.key);
  }
  child.next_sibling = nodes_[node].first_child;
  nodes_.push_back(child);
  nodes_[node].first_child = static_cast<uint32_t>(nodes_.size() - 1);
  return nodes_[node].first_child;
}

// The column of a field that follows `node`: of several with the same key, each has its own.
uint32_t LayoutTrie::AddColumn(uint32_t node, const MessageField& field) {
  ColumnKey column{field.kind, field.number, field.type, 0, std::string(field.key)};
  for (; node != kRoot; node = nodes_[node].parent) {
    const uint32_t used = nodes_[node].step.column;
    if (used == kNoColumn || !IsSame(columns_[used], field)) continue;
    if (columns_[used].occurrence >= kMaxOccurrences) return kNoColumn;
    column.occurrence = std::max<uint8_t>(column.occurrence, columns_[used].occurrence + 1);
  }
  const auto next = static_cast<uint32_t>(columns_.size());
  if (next >= kMaxColumns && column.kind != FieldKind::kMessage) return kNoColumn;
  const auto [known, is_new] = column_ids_.emplace(IdOf(column), next);
  if (is_new) columns_.push_back(std::move(column));
  return known->second;
}

}  // namespace spandrel::columnar
