// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/stand_ins.h"

#include <algorithm>

namespace spandrel::columnar {
namespace {

constexpr size_t kNone = SIZE_MAX;

// Of each template, whether one row of it says what all say.
std::vector<uint8_t> AlikeTemplates(const RowGroup& group, const std::vector<uint8_t>& telling) {
  std::vector<uint8_t> alike;
  alike.reserve(group.table().templates.size());
  for (uint32_t i = 0; i < group.table().templates.size(); ++i) {
    const auto stored = group.StoredColumns(i);
    alike.push_back(std::none_of(stored.begin(), stored.end(),
                                 [&](uint32_t column) { return telling[column] != 0; }));
  }
  return alike;
}

}  // namespace

base::Result<StandIns> StandInsOf(const RowGroup& group, const std::vector<uint32_t>& rows,
                                  const std::vector<uint8_t>& telling, RowColumns* columns) {
  columns->Open(group);
  SPANDREL_RETURN_IF_ERROR(columns->LoadTemplates());
  SPANDREL_RETURN_IF_ERROR(columns->LoadWeights());
  const std::vector<uint8_t> alike = AlikeTemplates(group, telling);
  std::vector<size_t> place(alike.size(), kNone);  // of a template's row among those that are kept
  StandIns kept;
  for (const uint32_t row : rows) {
    const uint32_t made_from = columns->template_of()[row];
    const uint64_t weight = columns->WeightOf(row);
    if (place[made_from] != kNone) {
      kept.weights[place[made_from]] += weight;
      continue;
    }
    if (alike[made_from] != 0) place[made_from] = kept.rows.size();
    kept.rows.push_back(row);
    kept.weights.push_back(weight);
  }
  return kept;
}

}  // namespace spandrel::columnar
