// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/parameters.h"
#include "api/http/router.h"
#include "base/status.h"
#include "net/http/http.h"
#include "storage/query_context.h"

// The form that answers of Jaeger's legacy API have.
namespace spandrel::api {

struct LegacyProblem {
  int code = 500;
  std::string message;
  std::string trace_id;  // empty: not about one trace
};

// What every answer is wrapped in; `data` is JSON.
std::string LegacyEnvelope(std::string_view data, size_t total,
                           const std::vector<LegacyProblem>& problems);
// `prettyPrint`, which is anything but "false".
bool WantsPrettyJson(const Parameters& parameters);
// What makes an answer partial, though it is one.
void AddLegacyDamage(const storage::QueryContext& context, std::vector<LegacyProblem>* problems);

// The answer to a request that was served; `data` is JSON.
net::Response LegacyAnswer(const RoutedRequest& request, std::string_view data, size_t total);
// As Go's http.Error writes it: JSON that is called text.
net::Response LegacyFailure(int http_status, std::string message);
net::Response LegacyFailure(const base::Status& status);

}  // namespace spandrel::api
