// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "columnar/read/scan/question.h"
#include "columnar/snapshot/snapshot.h"
#include "storage/field_source.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// Takes a row and for how many spans it stands; refs and fields live during the call. What it
// returns ends the walk unless it is OK.
using RowVisitor =
    std::function<base::Status(const span::SpanRef&, const storage::FieldSource&, uint64_t weight)>;

// Answers for all that matches in a row group of a part, which is number `source` of the snapshot,
// at once: true when it has; false when its spans are to be visited.
using GroupVisitor =
    std::function<base::Result<bool>(const Part& part, uint32_t source, uint32_t group)>;

// Calls `visit` for every span of a snapshot that matches, with the fields that the question asks
// for: span by span where nothing is asked of parents and traces, else trace by trace. Where it is
// span by span, `visit_group` is asked first, unless it is empty.
base::Status WalkRows(const storage::QueryContext& context, const Snapshot& snapshot,
                      const Question& question, const RowVisitor& visit,
                      const GroupVisitor& visit_group = {});

}  // namespace spandrel::columnar
