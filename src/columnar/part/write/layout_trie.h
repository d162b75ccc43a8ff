// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columnar/part/format/template_table.h"

namespace spandrel::columnar {

// The layouts of the messages of a row group, as a tree of their steps: two messages have the same
// layout when they end at the same node. The child that was taken last is tried first. One thread.
class LayoutTrie {
 public:
  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNone = UINT32_MAX;

  LayoutTrie();

  // The node behind `node` for such a field; kNone when there is no room for another one.
  uint32_t Step(uint32_t node, const MessageField& field);
  // The node of a message that is kept as a whole.
  uint32_t WholeMessage();

  // The column of the step that leads to a node, or kNoColumn.
  uint32_t ColumnOf(uint32_t node) const { return nodes_[node].step.column; }
  const std::vector<ColumnKey>& columns() const { return columns_; }
  // The steps from the root to a node.
  Layout LayoutAt(uint32_t node) const;

 private:
  struct Node {
    LayoutStep step;
    // Of the step's column, to be compared without looking it up.
    uint8_t number = 0;
    CellType type = CellType::kNone;
    std::string_view key;  // of key_texts_
    uint32_t parent = kNone;
    uint32_t first_child = kNone;
    uint32_t next_sibling = kNone;
  };

  static bool Fits(const Node& node, const MessageField& field);
  uint32_t AddChild(uint32_t node, const MessageField& field);
  uint32_t AddColumn(uint32_t node, const MessageField& field);

  std::vector<Node> nodes_;
  std::vector<ColumnKey> columns_;
  std::deque<std::string> key_texts_;
  std::unordered_map<std::string, uint32_t> column_ids_;
};

}  // namespace spandrel::columnar
