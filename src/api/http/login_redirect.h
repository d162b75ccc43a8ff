// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "api/http/login_sessions.h"

namespace spandrel::api {

class Router;
class Steps;

// A page of somebody else on which one may sign in.
struct SignInPage {
  std::string label;  // `id.example`
  std::string path;   // where a browser is sent there; takes `&to=` with where to come back to
};
std::vector<SignInPage> PagesToSignInOn(const Steps& steps);

// GET /api/ui/v1/session/redirect sends a browser to such a page, and .../session/callback is where
// it comes back with a code, which begins a session. For everybody. What belongs to a try is
// derived from one secret in a cookie of the browser that makes it, so nothing is kept here. All
// outlive the router. `is_encrypted`: the listener speaks TLS.
void AddLoginRedirect(const Steps& steps, Sessions& sessions, bool is_encrypted, Router* router);

}  // namespace spandrel::api
