// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>

#include "storage/reader.h"

namespace spandrel::conformance {

// A condition of up to `depth` levels with fields, values and operators that RandomSpans makes
// match now and then; always valid.
storage::Expression RandomExpression(std::mt19937_64& random, int depth);
storage::FieldRef RandomFieldRef(std::mt19937_64& random);
// A key that RandomSpans uses now and then, and sometimes further names.
storage::AttributeField RandomAttribute(std::mt19937_64& random, storage::AttributeScope scope);

// Asks both the same random questions about spans in view of their traces and expects the same
// answers; of what the engine says that it does not answer, UNIMPLEMENTED.
void ExpectSameTraceAnswers(std::mt19937_64& random, storage::Reader& engine,
                            storage::Reader& reference, const std::string& state);

}  // namespace spandrel::conformance
