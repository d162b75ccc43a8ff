// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"
#include "net/http/http.h"

namespace spandrel::api {

// An error as Tempo gives it, the message alone as text. What nothing here can answer is the
// client's mistake as well: 400.
net::Response TempoError(const base::Status& status);
net::Response TempoError(int http_status, std::string_view message);

}  // namespace spandrel::api
