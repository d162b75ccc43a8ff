// SPDX-License-Identifier: Apache-2.0
#include "api/grpc/health_service.h"

#include <algorithm>
#include <array>
#include <string>

#include "proto/field_reader.h"
#include "proto/writer.h"

namespace spandrel::api {
namespace {

using base::Status;
using base::StatusCode;

constexpr uint32_t kRequestService = 1;
constexpr uint32_t kResponseStatus = 1;
constexpr uint64_t kServing = 1;
constexpr std::array<std::string_view, 3> kServices = {"", "grpc.health.v1.Health",
                                                       "jaeger.api_v3.QueryService"};

Status Check(const RpcRequest& request, RpcSink& sink) {
  std::string_view service;
  std::string_view rest = request.message;
  proto::Field field;
  while (proto::NextField(&rest, &field)) {
    if (field.number == kRequestService && field.is_bytes()) service = field.bytes;
  }
  if (!rest.empty()) return {StatusCode::kInvalidArgument, "malformed request"};
  if (std::find(kServices.begin(), kServices.end(), service) == kServices.end()) {
    return {StatusCode::kNotFound, "unknown service"};
  }
  std::string response;
  proto::Writer(&response).Varint(kResponseStatus, kServing);
  return sink.Write(response);
}

}  // namespace

void AddHealthService(RpcRouter* router) {
  router->HandleOpen("/grpc.health.v1.Health/Check", Check);
}

}  // namespace spandrel::api
