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

// Calls `visit` for every span of a snapshot that matches, with the fields that the question asks
// for: span by span where nothing is asked of parents and traces, else trace by trace.
base::Status WalkRows(const storage::QueryContext& context, const Snapshot& snapshot,
                      const Question& question, const RowVisitor& visit);

}  // namespace spandrel::columnar
