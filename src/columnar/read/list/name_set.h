// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "columnar/read/list/column_walk.h"
#include "columnar/read/match/row_columns.h"
#include "span/span_view.h"
#include "storage/store.h"

namespace spandrel::columnar {

// The first `limit` of the distinct attribute keys, without a string for each span that has one.
// Holds at most a few times `limit` keys. One thread.
class NameSet {
 public:
  explicit NameSet(size_t limit) : limit_(limit) {}

  // All keys of a span.
  void AddSpan(const span::SpanRef& span);
  // All keys of the matching rows of a row group, from their templates and the cells of events,
  // links and whole messages. DATA_LOSS when the row group cannot be read.
  base::Status AddRows(const RowGroup& group, const MatchedRows& rows);

  std::vector<storage::AttributeName> Sorted() const;

  // What it takes, about.
  size_t byte_size() const { return bytes_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Texts = std::unordered_set<std::string, Hash, std::equal_to<>>;

  // The keys of one scope; of those behind `last` none is wanted.
  struct Keys {
    Texts texts;
    std::optional<std::string> last;
  };

  void AddKey(std::string_view key, storage::AttributeScope scope);
  void KeepFirst(Keys* keys);
  void AddAttributes(span::AttributeReader attributes, storage::AttributeScope scope);
  // Of a Span message or some of its fields.
  void AddMessage(std::string_view message);
  // The attributes that all spans of a layout have.
  void AddKeys(const TemplateTable& table, const Layout& layout);
  // Events, links and messages that are constant; the columns of others are marked.
  void AddTemplate(const RowGroup& group, uint32_t of_template, std::vector<uint8_t>* columns);

  const size_t limit_;
  size_t bytes_ = 0;
  std::array<Keys, 5> by_scope_;
};

}  // namespace spandrel::columnar
