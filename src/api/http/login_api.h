// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/http/login_sessions.h"

namespace spandrel::api {

class Router;
class Steps;

struct LoginOptions {
  bool is_encrypted = false;  // the listener speaks TLS: puts Secure on the cookie
  // What those are told who may see everything; called from any thread.
  std::function<std::vector<std::string>()> warnings = {};
};

// /api/ui/v1/session: who is signed in (GET), signing in (POST), and signing out
// (POST .../session/end). For everybody. All outlive the router.
void AddLoginApi(const Steps& steps, Sessions& sessions, LoginOptions options, Router* router);

}  // namespace spandrel::api
