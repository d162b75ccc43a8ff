// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/health.h"
#include "net/http/http.h"

namespace spandrel::endpoints {

// Whether a server's questions are answered, beside what its components say.
enum class Asking : bool { kAnswered, kStopped };

// What a probe over HTTP is told: 200, or 503 when it is not so.
//   /health        it lives: nothing is the matter that only a restart mends
//   /ready         a span would be taken and a question answered
//   /ready/ingest  a span would be taken
//   /ready/query   a question would be answered
// The body is `{"status":"..."}` with the level of the worst component (base::HealthLevelName).
// Nothing for other paths. For everybody, so it says neither which component it is nor why.
std::optional<net::Response> AnswerProbe(const base::HealthBoard* board, Asking asking,
                                         const net::Request& request);

}  // namespace spandrel::endpoints
