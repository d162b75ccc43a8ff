// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/question.h"

#include <algorithm>
#include <utility>

#include "storage/narrow.h"

namespace spandrel::columnar {
namespace {

// A field that spans of one template and equal content have different values of.
bool TellsRowsApart(const storage::FieldRef& field) {
  using storage::Intrinsic;
  const auto* intrinsic = std::get_if<Intrinsic>(&field.field);
  if (intrinsic == nullptr) return false;
  switch (*intrinsic) {
    case Intrinsic::kTraceId:
    case Intrinsic::kSpanId:
    case Intrinsic::kParentSpanId:
    case Intrinsic::kStartTime:
    case Intrinsic::kDuration:
    case Intrinsic::kEventTimeSinceStart:
      return true;
    default:
      return false;
  }
}

}  // namespace

base::Result<Question> Question::Make(const storage::QueryContext& context, const Asked& asked) {
  const auto evaluator = storage::Evaluator::Make(context, asked.where);
  if (!evaluator.ok()) return evaluator.status();
  return OfPart(asked, (*evaluator)->regexes());
}

Question Question::OfPart(const Asked& asked, std::shared_ptr<const storage::Regexes> regexes) {
  const storage::Narrowed narrowed = storage::Narrow(asked.where);
  Question question;
  question.matcher = Matcher::OfPart(narrowed.where, asked.range, regexes);
  question.is_exact = narrowed.exact;
  question.evaluator = storage::Evaluator::OfPart(asked.where, std::move(regexes));
  question.needs_trace =
      storage::NeedsTrace(asked.where) ||
      std::any_of(asked.fields.begin(), asked.fields.end(),
                  [](const storage::FieldRef& field) { return storage::NeedsTrace(field); });
  for (const storage::FieldRef& field : asked.fields) question.content.Add(field);
  for (const storage::AttributeScope list : asked.lists) question.content.Add(list);
  if (!question.is_exact) question.content.Add(asked.where);
  question.only_keys = asked.only_keys;
  question.may_join = asked.may_join && question.is_exact && !question.needs_trace &&
                      std::none_of(asked.fields.begin(), asked.fields.end(), TellsRowsApart);
  return question;
}

}  // namespace spandrel::columnar
