// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "storage/predicate.h"

namespace spandrel::columnar {

// True when all spans of a template have the same text in a field: it is of their resource, scope,
// name, kind or status.
bool IsTemplateField(const storage::Field& field);

// The same of a field of the span itself, not of its parent.
bool IsOwnTemplateField(const storage::FieldRef& field);

// True of the start and the duration of the span itself.
bool IsTimeField(const storage::FieldRef& field);

// True when a span's resource and status alone decide a field.
bool IsServiceField(const storage::Field& field);

// True when `holds` is true of every field that the predicate asks for.
template <typename Holds>
bool AllFields(const storage::Predicate& predicate, Holds&& holds) {
  std::vector<const storage::Predicate*> open = {&predicate};
  while (!open.empty()) {
    const storage::Predicate* at = open.back();
    open.pop_back();
    for (const storage::Predicate& child : at->children) open.push_back(&child);
    const bool is_leaf = at->kind == storage::Predicate::Kind::kCompare ||
                         at->kind == storage::Predicate::Kind::kExists;
    if (is_leaf && !holds(at->field)) return false;
  }
  return true;
}

}  // namespace spandrel::columnar
