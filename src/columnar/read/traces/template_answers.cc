// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/template_answers.h"

#include <string>
#include <utility>
#include <variant>

#include "columnar/read/match/predicate_fields.h"
#include "columnar/read/scan/content.h"
#include "storage/span_fields.h"

namespace spandrel::columnar {
namespace {

using base::Status;
using storage::Value;

// What an answer takes beside its values.
constexpr size_t kAnswerBytes = 48;

size_t BytesOf(const TemplateAnswers::Values& values) {
  size_t bytes = kAnswerBytes + values.size() * sizeof(Value);
  for (const Value& value : values) {
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
  }
  return bytes;
}

}  // namespace

TemplateAnswers::TemplateAnswers(const storage::QueryContext& context,
                                 const storage::TraceScanRequest& request,
                                 const storage::RowQuestions& rows,
                                 const std::vector<uint8_t>& decided)
    : memory_(context) {
  for (const storage::FieldRef& field : request.fields) {
    questions_.emplace_back();
    questions_.back().field = &field;
    if (!IsTimeField(field)) questions_.back().shapes.Read(field.field);
  }
  for (size_t i = 0; i < request.operands.size(); ++i) {
    AddQuestion(request.operands[i], *rows.operands[i])->is_operand = true;
  }
  for (size_t i = 0; i < request.conditions.size(); ++i) {
    place_of_condition_.push_back(questions_.size());
    if (decided[i] != 0) AddQuestion(request.conditions[i], *rows.conditions[i]);
  }
}

TemplateAnswers::Question* TemplateAnswers::AddQuestion(const storage::Expression& expression,
                                                        const storage::Evaluator& evaluator) {
  questions_.emplace_back();
  questions_.back().evaluator = &evaluator;
  for (const storage::FieldRef& field : FieldsOf(expression)) {
    if (IsOwnTemplateField(field)) questions_.back().shapes.Read(field.field);
  }
  return &questions_.back();
}

Status TemplateAnswers::Find(uint32_t source, const RowGroup& group, uint32_t number,
                             TemplateProbe* probe, const Values** answers) {
  const Template& made = group.table().templates[number];
  for (Question& question : questions_) {
    const size_t before = question.shapes.byte_size();
    const uint32_t shape = question.shapes.NumberOf(source, made, group.dictionary());
    SPANDREL_RETURN_IF_ERROR(memory_.Grow(question.shapes.byte_size() - before));
    SPANDREL_RETURN_IF_ERROR(Answer(&question, shape, number, probe));
    *answers++ = question.answers[shape].get();
  }
  return {};
}

Status TemplateAnswers::Answer(Question* question, uint32_t shape, uint32_t number,
                               TemplateProbe* probe) {
  if (shape < question->answers.size()) return {};
  question->answers.push_back(std::make_unique<const Values>(question->Ask(probe->SpanOf(number))));
  return memory_.Grow(BytesOf(*question->answers.back()));
}

TemplateAnswers::Values TemplateAnswers::Question::Ask(const span::SpanRef& span) const {
  const storage::SpanFields fields(span);
  Values values;
  if (field != nullptr) {
    if (IsTimeField(*field)) return values;
    fields.Visit(*field, [&values](const span::ValueView& value) {
      storage::AppendValues(value, &values);
      return false;
    });
  } else if (is_operand) {
    evaluator->VisitValues(fields, [&values](const span::ValueView& value) {
      if (auto typed = storage::ValueOf(value)) values.push_back(*std::move(typed));
      return false;
    });
  } else if (evaluator->Matches(fields)) {
    values.emplace_back(true);
  }
  return values;
}

}  // namespace spandrel::columnar
