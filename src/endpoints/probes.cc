// SPDX-License-Identifier: Apache-2.0
#include "endpoints/probes.h"

#include <string>
#include <string_view>

namespace spandrel::endpoints {
namespace {

using base::HealthLevel;

// Nothing for a path that is no probe's.
std::optional<bool> IsWell(std::string_view path, HealthLevel worst, Asking asking) {
  const bool takes = worst < HealthLevel::kRefusing;
  const bool answers = asking == Asking::kAnswered;
  if (path == "/health") return worst < HealthLevel::kFailed;
  if (path == "/ready") return takes && answers;
  if (path == "/ready/ingest") return takes;
  if (path == "/ready/query") return answers;
  return std::nullopt;
}

}  // namespace

std::optional<net::Response> AnswerProbe(const base::HealthBoard* board, Asking asking,
                                         const net::Request& request) {
  const HealthLevel worst = board == nullptr ? HealthLevel::kOk : board->Worst();
  const std::optional<bool> is_well = IsWell(request.path, worst, asking);
  if (!is_well) return std::nullopt;
  net::Response response;
  response.status = *is_well ? 200 : 503;
  response.headers.emplace_back("content-type", "application/json");
  response.body = R"({"status":")" + std::string(base::HealthLevelName(worst)) + "\"}";
  return response;
}

}  // namespace spandrel::endpoints
