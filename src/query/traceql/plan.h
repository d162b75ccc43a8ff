// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "storage/expression.h"
#include "storage/trace_scan.h"
#include "traceql/ast.h"

namespace spandrel::query {

struct StagePlan;
using PipelinePlan = std::vector<StagePlan>;

// A traceql::SpansetExpr whose filters are conditions of the scan, by number.
struct SpansetPlan {
  traceql::SpansetExpr::Kind kind = traceql::SpansetExpr::Kind::kFilter;
  size_t condition = 0;
  PipelinePlan pipeline;
  traceql::Relation relation = traceql::Relation::kChild;
  traceql::Join join = traceql::Join::kRight;
  std::vector<SpansetPlan> operands;
};

// A traceql::ScalarExpr whose arguments are operands of the scan, by number.
struct ScalarPlan {
  traceql::ScalarExpr::Kind kind = traceql::ScalarExpr::Kind::kConstant;
  storage::Number constant;
  traceql::AggregateOp aggregate = traceql::AggregateOp::kCount;
  size_t operand = 0;
  storage::ArithmeticOp op = storage::ArithmeticOp::kAdd;
  std::vector<ScalarPlan> operands;
  std::string text;
  bool is_duration = false;
};

struct ScalarFilterPlan {
  storage::CompareOp op = storage::CompareOp::kEqual;
  ScalarPlan left;
  ScalarPlan right;
};

struct GroupPlan {
  size_t operand = 0;
  std::string text;
  bool is_duration = false;
};

struct StagePlan {
  std::variant<SpansetPlan, ScalarFilterPlan, GroupPlan, traceql::Coalesce, traceql::Select> what;
};

// A field that the spans of an answer show.
struct ShownField {
  traceql::Field field;
  size_t column = 0;  // among the fields of the scan
};

// How a pipeline is answered: what is scanned, and what is made of each trace.
struct Plan {
  // Asks for whole traces with all conditions and operands of the pipeline, by a condition that
  // holds of every span of every answer; in no order.
  storage::TraceScanRequest scan;
  PipelinePlan pipeline;
  std::vector<ShownField> shown;  // what the query names, in its order, once each
};

// `first_fields` are the first of the scan's; those that are shown follow.
Plan MakePlan(const traceql::Pipeline& pipeline, std::vector<storage::FieldRef> first_fields);

}  // namespace spandrel::query
