// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "base/base64.h"
#include "net/grpc/grpc_frame.h"
#include "net/http/grpc_shape.h"
#include "net/http/http.h"
#include "net/http/rpc_status.h"
#include "net/socket/endpoint.h"

// gRPC framing, trailers and the small decoders of text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  static constexpr std::string_view kEncodings[] = {"", "gzip", "deflate", "zstd"};
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  base::ByteBudget memory(4 << 20);
  base::ByteBudget::Reservation reservation;
  const auto message =
      net::UnpackGrpcMessage(bytes, kEncodings[data[0] % 4], 1 << 20, &memory, &reservation);
  if (message.ok() && data[0] % 4 == 0) SPANDREL_CHECK(net::MakeGrpcFrame(*message) == bytes);

  net::DecodeRetryDelay(bytes);
  net::ReadGrpcStatus({{"grpc-status", std::to_string(data[0] % 20)},
                       {"grpc-message", bytes},
                       {"grpc-status-details-bin", bytes}});
  if (const auto decoded = base::Base64Decode(base::Base64Encode(bytes))) {
    SPANDREL_CHECK(*decoded == bytes);
  }
  SPANDREL_CHECK(net::PercentDecode(net::PercentEncode(bytes)) == bytes);
  net::ParseQuery(bytes);
  const auto endpoint = net::ParseEndpoint(bytes);
  return endpoint.ok() && endpoint->port == 0 && endpoint->host.size() > size ? 1 : 0;
}
