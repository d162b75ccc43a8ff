// SPDX-License-Identifier: Apache-2.0
#include "endpoints/cors.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace spandrel::endpoints {
namespace {

// Glob match with '*' only, by going back to the last star; linear in practice, never recursive.
bool MatchesGlob(std::string_view pattern, std::string_view text) {
  size_t at_pattern = 0;
  size_t at_text = 0;
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  while (at_text < text.size()) {
    if (at_pattern < pattern.size() && pattern[at_pattern] == '*') {
      star = at_pattern++;
      star_text = at_text;
    } else if (at_pattern < pattern.size() && pattern[at_pattern] == text[at_text]) {
      ++at_pattern;
      ++at_text;
    } else if (star != std::string_view::npos) {
      at_pattern = star + 1;
      at_text = ++star_text;
    } else {
      return false;
    }
  }
  while (at_pattern < pattern.size() && pattern[at_pattern] == '*') ++at_pattern;
  return at_pattern == pattern.size();
}

}  // namespace

bool OriginAllowed(const std::vector<std::string>& allowed_origins, std::string_view origin) {
  if (origin.empty()) return false;
  return std::any_of(allowed_origins.begin(), allowed_origins.end(),
                     [origin](const std::string& allowed) { return MatchesGlob(allowed, origin); });
}

bool MayComeFromItsPage(const std::vector<std::string>& allowed_origins, const HostNames& own_names,
                        const net::Request& request) {
  if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") {
    return true;
  }
  // Browsers alone say this, and not over plain HTTP from another machine.
  const std::string_view site = net::FindHeader(request.headers, "sec-fetch-site");
  if (site == "same-origin" || site == "none") return true;
  const std::string_view origin = net::FindHeader(request.headers, "origin");
  if (origin.empty()) return site.empty();
  const size_t scheme = origin.find("://");
  const std::string_view authority =
      scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
  if (!authority.empty() && base::LowerCase(authority) == base::LowerCase(request.authority)) {
    return true;
  }
  return own_names.Names(HostOf(authority)) || OriginAllowed(allowed_origins, origin);
}

bool IsPreflight(const net::Request& request) {
  return request.method == "OPTIONS" &&
         !net::FindHeader(request.headers, "access-control-request-method").empty();
}

std::optional<net::Response> AnswerPreflight(const CorsConfig& config, const net::Request& request,
                                             std::string_view methods) {
  if (!IsPreflight(request)) return std::nullopt;
  if (!OriginAllowed(config.allowed_origins, net::FindHeader(request.headers, "origin"))) {
    return std::nullopt;
  }

  net::Response response;
  response.status = 204;
  AddCorsHeaders(config, request, &response.headers);
  response.headers.emplace_back("access-control-allow-methods", methods);
  std::string allowed = "content-type, content-encoding";
  for (const std::string& header : config.allowed_headers) allowed += ", " + header;
  response.headers.emplace_back("access-control-allow-headers", std::move(allowed));
  if (config.max_age_seconds > 0) {
    response.headers.emplace_back("access-control-max-age", fmt::to_string(config.max_age_seconds));
  }
  return response;
}

void AddCorsHeaders(const CorsConfig& config, const net::Request& request, net::Headers* headers) {
  const std::string_view origin = net::FindHeader(request.headers, "origin");
  if (!OriginAllowed(config.allowed_origins, origin)) return;
  headers->emplace_back("access-control-allow-origin", std::string(origin));
  headers->emplace_back("vary", "Origin");
}

}  // namespace spandrel::endpoints
