// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "span/span_view.h"
#include "storage/field_source.h"
#include "storage/query_context.h"
#include "storage/value_counts.h"

namespace spandrel::columnar {

// How many spans of either selection something is in.
struct InBoth {
  uint64_t a = 0;
  uint64_t b = 0;

  void Add(InBoth more) {
    a += more.a;
    b += more.b;
  }
  bool any() const { return a + b > 0; }
};

// The values of fields in two selections that are being counted. One thread.
class ValueTable {
 public:
  // A field; valid until Finish.
  class Field;

  // Both outlive it.
  ValueTable(const storage::QueryContext& context, const storage::ValueCountsRequest& request);
  ~ValueTable();

  // RESOURCE_EXHAUSTED once the query had no memory for a value, which is not counted then.
  const base::Status& status() const { return status_; }

  // Spans, whatever they have.
  void AddSpans(InBoth counts) {
    a_ += counts.a;
    b_ += counts.b;
  }
  // What spans that are alike have in these lists and fields.
  void AddFieldsOf(const span::SpanRef& span, const storage::FieldSource& row,
                   const std::vector<storage::AttributeScope>& lists,
                   const std::vector<storage::Intrinsic>& intrinsics, InBoth counts);

  Field& FieldOf(storage::AttributeScope scope, std::string_view key);
  Field& FieldOf(storage::Intrinsic intrinsic);
  // Spans in which a field has this value and no other; of a value that is none, nothing.
  void Add(Field* field, const span::ValueView& value, InBoth counts);

  storage::ValueCountsResult Finish() &&;

 private:
  using FieldsByKey = std::map<std::string, Field, std::less<>>;

  void NoteLists(const span::SpanRef& span, storage::AttributeScope scope);
  void CountNoted(InBoth counts);
  void CountValue(Field& field, const storage::Value& value, InBoth counts);
  void CountText(Field& field, std::string_view text, InBoth counts);
  bool TakeRoomFor(size_t text_bytes);
  void FinishField(const Field& field, storage::ValueCountsResult* result) const;

  const storage::ValueCountsRequest& request_;
  std::array<FieldsByKey, 5> by_scope_;  // attributes, by the list that they are in
  std::map<storage::Intrinsic, Field> intrinsics_;
  uint64_t a_ = 0;
  uint64_t b_ = 0;
  size_t distinct_ = 0;
  bool truncated_ = false;
  size_t bytes_ = 0;  // of all fields, about
  storage::QueryMemory memory_;
  base::Status status_;

  // Of one span, kept so that their memory is used again.
  std::vector<std::pair<std::string_view, span::ValueView>> list_;
  std::vector<std::pair<Field*, storage::Value>> of_span_;
};

}  // namespace spandrel::columnar
