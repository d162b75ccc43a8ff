// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "promql/ast.h"
#include "storage/predicate.h"
#include "storage/query_context.h"
#include "storage/regexes.h"

namespace spandrel::query {

// The matchers of a selector, their regular expressions compiled. A label that is absent has the
// empty value.
class LabelMatchers {
 public:
  // INVALID_ARGUMENT says where a regular expression is malformed. The selector outlives it.
  static base::Result<LabelMatchers> Make(const storage::QueryContext& context,
                                          const promql::Selector& selector);

  // Whether all matchers of this label hold of a value.
  bool Hold(std::string_view label, std::string_view value) const;
  // Whether those of all labels but the given ones, `le` and the name hold where these are absent.
  bool HoldWithout(const std::vector<std::string_view>& labels) const;
  // The same matchers of a label as conditions on a field that has its value.
  void AppendConditions(std::string_view label, const storage::Field& field,
                        std::vector<storage::Predicate>* conditions) const;

 private:
  bool HoldsOf(const promql::Matcher& matcher, std::string_view value) const;

  const promql::Selector* selector_ = nullptr;
  std::shared_ptr<const storage::Regexes> regexes_;
};

}  // namespace spandrel::query
