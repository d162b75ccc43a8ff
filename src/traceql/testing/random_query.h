// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>

namespace spandrel::traceql {

// A query by the rules of the grammar, of any of its forms; types need not go together.
std::string RandomQuery(std::mt19937& random);

}  // namespace spandrel::traceql
