// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>

#include "storage/store.h"

namespace spandrel::conformance {

// A condition of a few nodes over the fields that RandomSpans fills.
storage::Predicate RandomPredicate(std::mt19937_64& random);

// Asks both readers one random question of each kind and expects equal answers.
void ExpectSameAnswers(std::mt19937_64& random, storage::Reader& engine, storage::Reader& reference,
                       const std::string& state);

}  // namespace spandrel::conformance
