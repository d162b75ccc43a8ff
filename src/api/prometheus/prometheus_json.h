// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"
#include "net/http/http.h"
#include "query/promql/values.h"
#include "storage/query_context.h"
#include "wire/json/json_writer.h"

// Answers as Prometheus's HTTP API gives them.
namespace spandrel::api {

// `{"status":"error","errorType":"bad_data","error":"..."}`. What PromQL has and is not answered
// here is the client's mistake as well.
net::Response PrometheusError(const base::Status& status);

// Opens `{"status":"success","data":`; what is written next is the data.
void OpenPrometheusAnswer(wire::JsonWriter* json);
// Says what the answer may lack, and closes it.
void ClosePrometheusAnswer(const storage::QueryContext& context, bool limited,
                           wire::JsonWriter* json);

// The object of the labels of a series.
void WritePromLabels(const query::PromLabels& labels, wire::JsonWriter* json);
// `[1435781451.781,"1.5"]`.
void WritePromPoint(uint64_t time_unix_nano, double value, wire::JsonWriter* json);
// A series of one point: `value` or `histogram`.
void WritePromInstant(const query::PromSeries& series, const query::Instants& points,
                      wire::JsonWriter* json);
// A series of several: `values` or `histograms`.
void WritePromRange(const query::PromSeries& series, const query::Instants& points,
                    wire::JsonWriter* json);

}  // namespace spandrel::api
