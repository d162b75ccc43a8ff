// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "columnar/part/read/row_group.h"
#include "columnar/read/match/row_columns.h"
#include "columnar/read/match/template_shapes.h"
#include "span/span_view.h"
#include "storage/evaluate.h"
#include "storage/query_context.h"
#include "storage/trace_scan.h"
#include "storage/value.h"

namespace spandrel::columnar {

// What templates answer to what is asked of rows, each question asked once for those that are alike
// to it. One thread.
class TemplateAnswers {
 public:
  using Values = std::vector<storage::Value>;

  // Of fields and operands that templates decide or that are times, and of the conditions that are
  // marked, by their number. All outlive it.
  TemplateAnswers(const storage::QueryContext& context, const storage::TraceScanRequest& request,
                  const storage::RowQuestions& rows, const std::vector<uint8_t>& decided);

  // Values of each field and operand, then of each condition that is marked: one or none.
  size_t size() const { return questions_.size(); }
  // The place of the answer to a condition that is marked.
  size_t PlaceOfCondition(size_t condition) const { return place_of_condition_[condition]; }

  // Of a template of a row group of part `source`, into `answers`, which live as long as this.
  // RESOURCE_EXHAUSTED when the query has no memory.
  base::Status Find(uint32_t source, const RowGroup& group, uint32_t number, TemplateProbe* probe,
                    const Values** answers);

 private:
  struct Question {
    const storage::FieldRef* field = nullptr;
    const storage::Evaluator* evaluator = nullptr;  // when it is no field
    bool is_operand = false;                        // else a condition
    TemplateShapes shapes;
    std::vector<std::unique_ptr<const Values>> answers;  // by shape

    // Of one span that stands for all; nothing of a time.
    Values Ask(const span::SpanRef& span) const;
  };

  Question* AddQuestion(const storage::Expression& expression, const storage::Evaluator& evaluator);
  // Asks it of the template, unless that is known, and reserves what is new.
  base::Status Answer(Question* question, uint32_t shape, uint32_t number, TemplateProbe* probe);

  std::vector<Question> questions_;
  std::vector<size_t> place_of_condition_;
  storage::QueryMemory memory_;
};

}  // namespace spandrel::columnar
