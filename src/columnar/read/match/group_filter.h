// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "columnar/part/read/part.h"
#include "columnar/read/match/column_hits.h"
#include "columnar/read/match/matcher.h"
#include "columnar/read/match/row_columns.h"

namespace spandrel::columnar {

// What a matcher says of the things that many spans of a part share, each asked once. One thread.
class DictionaryVerdicts {
 public:
  DictionaryVerdicts(const Matcher& matcher, std::shared_ptr<const Dictionary> dictionary);

  // Of a leaf on the scope (kScope) or on the name (kName).
  bool Scope(uint32_t leaf, uint32_t scope);
  bool Name(uint32_t leaf, uint32_t name);
  // Of a leaf on kind or status.
  bool KindAndStatus(uint32_t leaf, const Template& made);

  // False when a leaf on scopes or names holds nowhere in the part.
  bool AnyScope(uint32_t leaf);
  bool AnyName(uint32_t leaf);

  // Of a leaf on the texts of columns.
  TextVerdicts& Texts(uint32_t leaf) { return texts_[leaf]; }

 private:
  bool Ask(uint32_t leaf);

  const Matcher& matcher_;
  const std::shared_ptr<const Dictionary> dictionary_;
  span::SpanChunk probe_;                     // one span that stands for those asked about
  std::vector<std::vector<uint8_t>> scopes_;  // by leaf: 0 unknown, 1 no, 2 yes
  std::vector<std::vector<uint8_t>> names_;
  std::vector<TextVerdicts> texts_;  // by leaf
};

// False when the dictionary and the row group's filters say that no row can match.
bool GroupMayMatch(const Part& part, uint32_t group, const Matcher& matcher,
                   DictionaryVerdicts& verdicts);

// Decides which rows of a row group match, column by column: what a leaf says of a template, of a
// dictionary's entry or of a value is asked of its evaluator, so there is one truth. Only rows that
// no cheaper condition has ruled out are looked at one by one. DATA_LOSS when the row group is
// damaged. The rows ascend. `columns` is opened, and keeps what had to be read.
base::Result<std::vector<uint32_t>> MatchingRows(const RowGroupPtr& group, const Matcher& matcher,
                                                 DictionaryVerdicts& verdicts, RowColumns* columns);

}  // namespace spandrel::columnar
