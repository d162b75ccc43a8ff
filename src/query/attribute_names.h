// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/expression.h"
#include "storage/field.h"
#include "storage/predicate.h"

// Names that OpenTelemetry's semantic conventions gave one and the same attribute, one after the
// other: of what was renamed with its values kept. A question for one name means them all.
namespace spandrel::query {

// The other names of an attribute, newest first; most have none. Any thread.
const std::vector<std::string>& OtherNamesOf(std::string_view key);

// Give the attributes that are asked for their other names, behind their own.
void AddOtherNames(storage::Field* field);
void AddOtherNames(storage::FieldRef* field);
void AddOtherNames(storage::Predicate* predicate);
void AddOtherNames(storage::Expression* expression);

}  // namespace spandrel::query
