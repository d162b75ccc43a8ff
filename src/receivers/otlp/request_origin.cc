// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/request_origin.h"

#include <memory>
#include <utility>

namespace spandrel::receivers {

signal::SharedOrigin OriginOf(const net::Request& request, const std::string& identity,
                              bool include_metadata, std::string tenant) {
  auto origin = std::make_shared<signal::Origin>();
  origin->identity = identity;
  origin->tenant = std::move(tenant);
  origin->peer = request.peer;
  if (include_metadata) origin->metadata = request.headers;
  return origin;
}

}  // namespace spandrel::receivers
