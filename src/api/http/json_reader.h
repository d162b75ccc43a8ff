// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http/http.h"

namespace spandrel::api {

// An object of strings: Jaeger's tag maps. Of a repeated key the last counts. INVALID_ARGUMENT for
// anything else.
base::Result<std::map<std::string, std::string>> ParseStringMap(std::string_view json);

// The members of an object as parameters, as grpc-gateway maps a request body and a query string to
// the same message: members of nested objects get the outer key and a dot before theirs, but
// objects two levels down, and arrays, stay JSON text.
// `{"query":{"serviceName":"a","searchDepth":5}}` is `query.serviceName=a&query.searchDepth=5`.
// INVALID_ARGUMENT for anything but an object.
base::Result<net::Headers> ParseParameterObject(std::string_view json);

}  // namespace spandrel::api
