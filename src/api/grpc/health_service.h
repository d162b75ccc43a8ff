// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/grpc/rpc_router.h"

namespace spandrel::api {

// `grpc.health.v1.Health/Check` for the server ("") and for its services, without a login. `Watch`
// is UNIMPLEMENTED, which the protocol allows: clients ask again instead.
void AddHealthService(RpcRouter* router);

}  // namespace spandrel::api
