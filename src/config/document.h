// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/problems.h"

namespace spandrel::config {

// What a value is. Scalars get their type as Go's yaml.v3 gives it: YAML 1.2 with `_` in numbers,
// 0x 0o 0b and a leading 0 for octal; only true and false (also True, TRUE) are bools.
enum class NodeKind : uint8_t { kNull, kBool, kInt, kFloat, kString, kSequence, kMapping };

struct NodeEntry;

// A value of a document: plain data, nested at most kMaxDepth deep, each part with its place.
class Node {
 public:
  NodeKind kind = NodeKind::kNull;
  Location where;
  // The scalar as it was written, without quotes. Of an expanded value: the text that `${...}`
  // gave, whatever its kind, for fields that want a string.
  std::string text;
  bool quoted = false;    // a scalar in quotes, or a block scalar
  bool expanded = false;  // the whole value came out of one `${...}`
  // Set by the decoder that read it into a Secret, so that it is not shown.
  mutable bool is_secret = false;

  // The value of a scalar of that kind.
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;  // also of kInt

  std::vector<Node> items;         // of kSequence
  std::vector<NodeEntry> entries;  // of kMapping, in the order of the file, keys unique

  bool is_null() const { return kind == NodeKind::kNull; }
  bool is_mapping() const { return kind == NodeKind::kMapping; }
  bool is_sequence() const { return kind == NodeKind::kSequence; }
  bool is_scalar() const { return !is_null() && !is_mapping() && !is_sequence(); }
  // The entry of that key; null when there is none.
  const NodeEntry* Find(std::string_view key) const;
  NodeEntry* Find(std::string_view key);
};

struct NodeEntry {
  std::string key;
  Location key_where;
  Node value;
};

struct Document {
  Node root;
};

inline constexpr size_t kMaxDepth = 64;
inline constexpr size_t kMaxDocumentBytes = 4 << 20;
// What the nodes of a document may occupy once anchors and files are filled in.
inline constexpr size_t kMaxDocumentCost = 64 << 20;

// Parses the first document of `text`. Everything wrong goes to `problems`, with `file_name` and
// the place; an error status when there is no usable document.
base::Result<Document> ParseYaml(std::string_view text, std::string file_name, Problems* problems);

// A scalar without quotes: its kind and value by the rules above.
Node PlainScalar(std::string_view text, Location where);

// Nesting depth (1 for a scalar) and bytes in memory, roughly.
struct NodeSize {
  size_t depth = 0;
  size_t cost = 0;
};
NodeSize MeasureNode(const Node& node);

}  // namespace spandrel::config
