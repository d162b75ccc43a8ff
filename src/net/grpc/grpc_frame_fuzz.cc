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

  // Messages of a stream are the same however its bytes are cut.
  base::ByteBudget roomy(64 << 20);
  net::GrpcFrameReader whole(&roomy, 1 << 20, std::string(kEncodings[data[0] % 4]));
  net::GrpcFrameReader cut(&roomy, 1 << 20, std::string(kEncodings[data[0] % 4]));
  std::string_view rest = bytes;
  size_t at = 0;
  for (bool is_good = true; is_good && !rest.empty();) {
    const auto expected = whole.Next(&rest, &reservation);
    is_good = expected.ok();
    const size_t end = bytes.size() - rest.size();
    while (is_good && at < end) {
      base::ByteBudget::Reservation of_piece;
      std::string_view piece(bytes.data() + at++, 1);
      const auto message = cut.Next(&piece, &of_piece);
      SPANDREL_CHECK(message.ok());
      SPANDREL_CHECK(message->has_value() == (at == end && expected->has_value()));
      if (message->has_value()) SPANDREL_CHECK(**message == **expected);
    }
  }

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
