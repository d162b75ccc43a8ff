// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace spandrel::net {

// The gRPC code of an HTTP status without grpc-status, and the HTTP status for a code as OTLP/HTTP
// servers answer (specification 1.11: UNAVAILABLE 503, RESOURCE_EXHAUSTED 429 or 413, ...).
base::StatusCode GrpcCodeOfHttpStatus(int http_status);
int HttpStatusOfCode(const base::Status& status);

// google.rpc.Status with an optional google.rpc.RetryInfo detail: body of OTLP/HTTP errors and
// content of grpc-status-details-bin.
std::string EncodeRpcStatus(const base::Status& status);
std::string EncodeRpcStatusJson(const base::Status& status);
// Reads RetryInfo's delay out of an encoded google.rpc.Status; nothing when there is none or it is
// malformed. Input is capped at 64 KiB.
std::optional<std::chrono::milliseconds> DecodeRetryDelay(std::string_view rpc_status);

}  // namespace spandrel::net
