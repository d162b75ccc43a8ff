// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "instrument/attributes.h"
#include "instrument/state.h"
#include "spandrel/http.h"

namespace spandrel::instrument {

// Writes what a server span starts with, so that samplers see it.
void WriteServerRequest(const State& state, const http::ServerRequest& request,
                        const http::Carrier& headers, AttributeSink& sink);

// "https" or "http": the scheme the client used, as far as proxies tell.
std::string_view OriginalScheme(const State& state, const http::ServerRequest& request,
                                const http::Carrier& headers);

}  // namespace spandrel::instrument
