// SPDX-License-Identifier: Apache-2.0
#include "net/http/grpc_shape.h"

#include <charconv>
#include <string>

#include "base/base64.h"
#include "base/hex.h"
#include "net/http/rpc_status.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

constexpr size_t kMaxStatusMessageBytes = 1 << 10;
constexpr int kHighestCode = static_cast<int>(StatusCode::kUnauthenticated);

// Everything but printable ASCII, and '%', as %XX.
std::string EncodeGrpcMessage(std::string_view message) {
  static constexpr std::string_view kDigits = base::kUpperHexDigits;
  std::string encoded;
  for (const char c : message.substr(0, kMaxStatusMessageBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7e && c != '%') {
      encoded.push_back(c);
    } else {
      encoded.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return encoded;
}

}  // namespace

bool IsGrpc(const Request& request) {
  const std::string_view type = FindHeader(request.headers, "content-type");
  if (!type.starts_with(kGrpcContentType)) return false;
  const std::string_view rest = type.substr(kGrpcContentType.size());
  return rest.empty() || rest.front() == ';' || rest == "+proto" || rest.starts_with("+proto;");
}

std::optional<GrpcFrameHeader> ReadGrpcFrameHeader(std::string_view bytes) {
  if (bytes.size() < kGrpcFrameHeaderBytes) return std::nullopt;
  const auto byte = [bytes](size_t i) { return uint32_t{static_cast<unsigned char>(bytes[i])}; };
  return GrpcFrameHeader{static_cast<uint8_t>(byte(0)),
                         byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4)};
}

Headers GrpcStatusHeaders(const Status& status) {
  Headers headers{{"grpc-status", std::to_string(static_cast<int>(status.code()))}};
  if (!status.message().empty()) {
    headers.emplace_back("grpc-message", EncodeGrpcMessage(status.message()));
  }
  if (status.retry_after()) {
    headers.emplace_back("grpc-status-details-bin",
                         base::Base64Encode(EncodeRpcStatus(status), base::Base64Padding::kNone));
  }
  return headers;
}

Response GrpcStatusResponse(const Status& status) {
  Response response;
  response.headers = GrpcStatusHeaders(status);
  response.headers.insert(response.headers.begin(), {"content-type", "application/grpc"});
  return response;
}

std::optional<Status> ReadGrpcStatus(const Headers& headers) {
  const std::string_view text = FindHeader(headers, "grpc-status");
  if (text.empty()) return std::nullopt;
  int code = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc() || end != text.data() + text.size() || code < 0 || code > kHighestCode) {
    return Status(StatusCode::kUnknown, "server sent a malformed grpc-status");
  }
  if (code == 0) return Status();
  Status status(
      static_cast<StatusCode>(code),
      PercentDecode(FindHeader(headers, "grpc-message")).substr(0, kMaxStatusMessageBytes));
  const std::string_view details = FindHeader(headers, "grpc-status-details-bin");
  if (const auto decoded = base::Base64Decode(details)) {
    if (const auto delay = DecodeRetryDelay(*decoded)) status.set_retry_after(*delay);
  }
  return status;
}

}  // namespace spandrel::net
