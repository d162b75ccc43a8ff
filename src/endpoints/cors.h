// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "endpoints/host_names.h"
#include "endpoints/listener.h"
#include "net/http/http.h"

namespace spandrel::endpoints {

// Whether a page of `origin` may send: equal to one of the allowed origins, where `*` stands for
// any run of characters.
bool OriginAllowed(const std::vector<std::string>& allowed_origins, std::string_view origin);

// Whether a request does not come from a page that may not send it: what only reads, what comes
// from no browser, from a page of this very server, of a name in `own_names`, or of an allowed
// origin. A browser sends simple POSTs of any page, and only tells where they come from.
bool MayComeFromItsPage(const std::vector<std::string>& allowed_origins, const HostNames& own_names,
                        const net::Request& request);

// Whether a browser asks if it may send a cross-origin request.
bool IsPreflight(const net::Request& request);

// The answer to a preflight request (OPTIONS with Access-Control-Request-Method) of an allowed
// origin; nothing for every other request.
// `methods` is what may be sent: "GET, POST".
std::optional<net::Response> AnswerPreflight(const CorsConfig& config, const net::Request& request,
                                             std::string_view methods);

// Adds to an answer what lets the page read it; nothing for requests that came from no allowed
// page.
void AddCorsHeaders(const CorsConfig& config, const net::Request& request, net::Headers* headers);

}  // namespace spandrel::endpoints
