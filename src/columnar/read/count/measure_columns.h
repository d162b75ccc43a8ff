// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "columnar/part/read/part.h"
#include "columnar/read/count/grouped_rows.h"
#include "columnar/read/count/measure_groups.h"
#include "columnar/read/match/predicate_fields.h"
#include "columnar/read/match/row_matcher.h"
#include "columnar/read/match/template_shapes.h"
#include "columnar/read/scan/question.h"
#include "storage/measure.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// Measures the matching spans of row groups by their columns, where templates and attributes
// decide the group of a span and what is measured is its time: each column is read once, and what
// it says is added up by cell, a group in a time bucket. One thread.
class MeasureColumns {
 public:
  static bool CanAnswer(const storage::MeasureRequest& request, const Question& question);

  // All outlive it.
  MeasureColumns(const storage::QueryContext& context, const storage::MeasureRequest& request,
                 const Question& question, MeasureGroups* groups)
      : request_(request),
        groups_(groups),
        rows_(question.matcher),
        grouped_(context, request.group_by),
        memory_(context) {
    for (const storage::FieldRef& field : request.group_by) {
      by_templates_ &= IsTemplateField(field.field);
      if (by_templates_) shapes_.Read(field.field);
    }
  }

  // Adds all matching spans of a row group and says true, or adds nothing: when it cannot be read,
  // or has too many cells. `source` is the part's number in this query. RESOURCE_EXHAUSTED when the
  // query has no memory.
  base::Result<bool> Add(const Part& part, uint32_t source, uint32_t group);

 private:
  // The rows that match, ascending.
  bool FindRows(const RowGroupPtr& group, uint32_t source);
  void FindTimeBuckets();
  // Whether traces may be counted without a look at their rows.
  bool CountsWholeTraces() const;
  bool LoadColumns();
  // All spans of the row group by time bucket, in spans_: traces that start and end in the same one
  // as a whole. False when the row group cannot be read.
  bool CountTraces();
  bool HasTooManyCells() const;
  // The time bucket of a start behind that of the first one; of damaged bytes, any.
  uint64_t BucketAt(uint64_t offset) const {
    return std::min(offset / request_.step_nano, bucket_count_ - 1);
  }
  base::Status AddOnlyGroup();
  // The place of the group of each row's template, and of its time bucket: its cell.
  base::Result<bool> NumberCells();
  // The same where templates do not decide all groups. False when that cannot be read.
  base::Result<bool> NumberGroups();
  uint32_t PlaceOf(uint32_t of_template, TemplateProbe* probe);
  // The id of the group of a template.
  base::Result<uint32_t> GroupOf(uint32_t of_template, TemplateProbe* probe);
  base::Status CountSpans();
  base::Status AddSpans();
  base::Status AddMeasure(size_t measure);
  void AddSums(size_t measure);
  void AddBounds(size_t measure);
  base::Status AddHistograms(size_t measure);
  // The bucket of each row's number, in bucket_of_row_.
  void FindBuckets(const std::vector<uint64_t>& numbers);
  base::Status AddOneByOne(size_t measure);
  base::Status AddExemplars();

  const std::vector<uint64_t>& NumbersOf(size_t measure) const;
  // Calls `visit(size_t i, uint32_t row)` for each row that matches, the i-th one.
  template <typename Visit>
  void ForEachRow(Visit&& visit) const;
  // Calls `visit(Bucket*, size_t cell)` for each cell that has spans.
  template <typename Visit>
  void ForEachCell(Visit&& visit) const;

  const storage::MeasureRequest& request_;
  MeasureGroups* const groups_;
  RowMatcher rows_;
  bool by_templates_ = true;              // decide all groups; else
  GroupedRows grouped_;                   // does
  TemplateShapes shapes_;                 // to the fields of groups
  std::vector<uint32_t> group_of_shape_;  // ids
  storage::QueryMemory memory_;           // for what is kept by cell and by shape

  // Of the row group that is being added.
  const RowGroup* group_ = nullptr;
  uint32_t source_ = 0;
  bool all_match_ = false;
  std::vector<uint32_t> matching_;  // unless all match
  uint32_t count_ = 0;              // of those that match
  uint64_t first_start_ = 0;        // of its first time bucket
  uint64_t bucket_count_ = 1;
  std::vector<uint32_t> place_of_template_;      // in group_ids_
  std::vector<uint32_t> group_ids_;              // of the groups that it has
  std::vector<uint32_t> place_of_group_;         // in group_ids_, by id
  std::vector<uint32_t> cell_of_row_;            // by the row's number among those that match
  std::vector<uint64_t> spans_;                  // by cell
  std::vector<MeasureGroups::Bucket*> buckets_;  // by cell; null where there are no spans
  std::vector<uint64_t> trace_starts_;
  std::vector<uint64_t> trace_durations_;
  std::vector<uint64_t> numbers_;       // of those that match
  std::vector<int32_t> bucket_of_row_;  // of a histogram
  std::vector<uint64_t> counts_;        // by cell and bucket of a histogram
  base::Status status_;
};

}  // namespace spandrel::columnar
